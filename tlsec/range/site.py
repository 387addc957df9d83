"""Sites of the city: portals, service halls, login pages of inner systems. Pages lie in pages/."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass

from aiohttp import web

from tlsec.range.city import News, Page
from tlsec.range.ground import Ground, Stop
from tlsec.range.web import plain, render, serve

_REALISTIC_TRACE = (
    "java.lang.IllegalStateException: pool exhausted\n"
    "\tat test.lanze.dao.NoticeDao.list(NoticeDao.java:57)\n"
    "\tat test.lanze.web.HomeController.index(HomeController.java:31)\n"
    "Caused by: java.sql.SQLException: Connection refused\n"
)


@dataclass
class _Site:
    """One running site; remembers nothing but how often its front page was asked for."""

    page: Page
    news: list[News]
    host: str
    visits: int

    async def answer(self, request: web.BaseRequest) -> web.Response:
        path = request.path
        if request.method == "POST":
            return self._shown("message.html", 403, message="统一身份认证未通过，请核对后再试。")
        if path == "/":
            return self._front()
        if path == "/site.css":
            return render("site.css", colour=self.page.colour)
        if path in ("/emblem.svg", "/favicon.ico"):
            return render("emblem.svg", colour=self.page.colour)
        if path.rstrip("/") == "/admin" and self.page.admin != "absent":
            return self._admin()
        article = self._article(path)
        if article is not None:
            return self._shown("article.html", article=article)
        return self._shown("message.html", 404, message="您访问的页面不存在或已删除。")

    def _front(self) -> web.Response:
        if self.page.error:
            return plain(500, _REALISTIC_TRACE)
        self.visits += 1
        response = self._shown(f"{self.page.template}.html")
        if self.page.cookie != "none":
            strict = self.page.cookie == "strict"
            response.set_cookie(
                "sid",
                secrets.token_hex(16),
                path="/",
                secure=strict,
                httponly=strict,
                samesite="Lax" if strict else None,
            )
        return response

    def _admin(self) -> web.Response:
        if self.page.admin == "forbidden":
            return self._shown("message.html", 403, message="仅限内部人员在办公网访问。")
        return self._shown("default_login.html")

    def _article(self, path: str) -> News | None:
        number = path.removeprefix("/news/").removesuffix(".html")
        if path != f"/news/{number}.html" or not number.isdecimal() or len(number) > 3:
            return None
        return self.news[int(number) - 1] if 0 < int(number) <= len(self.news) else None

    def _shown(self, template: str, status: int = 200, **names: object) -> web.Response:
        return render(
            template,
            status,
            page=self.page,
            news=self.news,
            host=self.host,
            visits=self.visits,
            token=secrets.token_hex(16),
            **names,
        )


async def start(sock: socket.socket, ground: Ground) -> Stop:
    """Serve the site of a service that has a page."""
    page = ground.service.page
    if page is None:
        raise ValueError(ground.place)
    news = ground.city.news.get(page.news, [])
    site = _Site(page, news, ground.city.full_name(ground.host), page.visits)
    return await serve(sock, ground, site.answer)
