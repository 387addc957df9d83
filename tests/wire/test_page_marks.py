"""Marks of pages: what products, errors and listings look like, and pages that only talk about them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec.marked_yaml import Faulty
from tlsec.probe.http_page import load_signatures
from tlsec.wire.page import read_page
from tlsec.wire.page_marks import (
    Kind,
    Marks,
    Signature,
    contains,
    error_disclosure,
    icp,
    marks_of,
    secrecy_mark,
    server_version,
    support_unit,
)

SHIPPED = Path(__file__).parents[2] / "policies" / "marks" / "default-pages.yaml"
SIGNATURES = load_signatures(SHIPPED)
PASSWORD = '<form><input name="u"><input type="password"></form>'


def marks(html: str) -> Marks:
    return marks_of(read_page(html, "https://www.lanze.test/"), html, SIGNATURES)


@pytest.mark.parametrize(
    ("html", "product"),
    [
        ("<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1>", "nginx"),
        ("<title>Apache2 Debian Default Page: It works</title>", "Apache HTTP Server"),
        ("<title>IIS Windows Server</title><img src=iisstart.png>", "Microsoft IIS"),
        ("<title>Apache Tomcat/9.0.1</title><h2>If you're seeing this, you've successfully installed Tomcat.</h2>",
         "Apache Tomcat"),
        (f"<title>phpMyAdmin</title>{PASSWORD}", "phpMyAdmin"),
        ("<title>Sign in [Jenkins]</title><form action=j_spring_security_check>", "Jenkins"),
        ("<title>Nacos</title><div id=root></div><script src=console-ui/main.js></script>", "Nacos"),
        ("<title>druid monitor</title><h1>Druid Stat Index</h1>", "Druid 监控"),
        ("<title>Grafana</title><base href=/><script>window.grafanaBootData</script>", "Grafana"),
        ("<title>Swagger UI</title>", "Swagger UI"),
        ("<title>Kibana</title>", "Kibana"),
        ("<title>RabbitMQ Management</title>", "RabbitMQ"),
        (f"<title>EasyCMS 管理后台</title>{PASSWORD}", "EasyCMS 管理后台"),
        (f"<title>登录</title><p>EasyCMS v3 管理后台</p>{PASSWORD}", "EasyCMS 管理后台"),
        (f"<title>登录 - 通用后台管理系统</title>{PASSWORD}", "通用后台管理系统"),
        (f"<title>XX后台管理系统</title><p>默认账号 admin，密码 123456</p>{PASSWORD}", "默认后台管理系统"),
    ],
)  # fmt: skip
def test_default_pages(html: str, product: str) -> None:
    assert marks(html).default_product == product


@pytest.mark.parametrize(
    "html",
    [
        "<title>关于 nginx 漏洞的通报</title><p>请检查是否显示 Welcome to nginx! 页面</p>",
        "<title>岚泽市人民政府</title><h1>要闻</h1>",
        f"<title>岚泽市统一身份认证</title>{PASSWORD}",
        "<title>通用后台管理系统招标公告</title><p>采购需求",
        f"<title>协同办公系统</title><p>请妥善保管密码</p>{PASSWORD}",
    ],
)
def test_no_default_pages(html: str) -> None:
    assert marks(html).default_product == ""


@pytest.mark.parametrize(
    "notice",
    [
        "安全提示：默认账号 admin 仍在启用，请尽快停用并修改初始密码。", "默认口令未修改",
        "默认账户仍启用", "默认账户仍在启用",
        "您的初始密码还未修改", "The default password is still in use", "Default account admin is enabled",
    ],
)  # fmt: skip
def test_notices(notice: str) -> None:
    assert marks(f"<p class=warning>{notice}</p>").default_account_notice


@pytest.mark.parametrize(
    "text",
    ["请修改默认口令", "默认账户已停用", "默认账户<p>仍在启用的服务有 12 项", "默认口令管理办法"],
)
def test_no_notices(text: str) -> None:
    assert not marks(f"<p>{text}</p>").default_account_notice


LINKS = '<a href="../">../</a><a href="a.sql">a.sql</a>'


@pytest.mark.parametrize(
    "html",
    [
        f"<title>Index of /</title><h1>Index of /</h1><pre>{LINKS}</pre>",
        f"<title>Index of /data/</title><h1>Index of /data/</h1>{LINKS}",
        f"<title>Directory listing for /</title><h1>Directory listing for /</h1>{LINKS}",
        f"<title>Directory Listing For [/]</title><h1>Directory Listing For [/]</h1>{LINKS}",
        f"<title>www.lanze.test - /x/</title><H1>www.lanze.test - /x/</H1><A HREF=/>[To Parent Directory]</A>{LINKS}",
        "<title>h - /</title><h1>www.lanze.test - /</h1><pre> &lt;dir&gt; <a href=/a>a</a></pre>",
    ],
)
def test_listings(html: str) -> None:
    assert marks(html).directory_listing


@pytest.mark.parametrize(
    "html",
    [
        "<title>Index of /</title><h1>Index of /</h1>",
        f"<title>指数</title><p>Index of / {LINKS}",
        f"<h1>信息公开目录</h1>{LINKS}",
    ],
)
def test_no_listings(html: str) -> None:
    assert not marks(html).directory_listing


ERRORS = {
    "Java": [
        "java.lang.NullPointerException\n\tat cn.lanze.web.Login.check(Login.java:42)",
        'Exception in thread "main"',
        "at sun.reflect.NativeMethodAccessorImpl.invoke0(Native Method)",
    ],
    "Python": [
        "Traceback (most recent call last):\n  File",
        "because you have DEBUG = True in your Django settings",
    ],
    "PHP": [
        "Fatal error: Uncaught Error: x in /var/www/a.php on line 3",
        "Warning: mysqli_connect(): denied in /srv/b.php:9",
        "#0 /srv/index.php(12): run()",
    ],
    ".NET": [
        "Server Error in '/' Application.",
        "“/”应用程序中的服务器错误。".replace(
            "“/”应用程序中的服务器错误", "服务器错误：'/' 应用程序"
        ),
        "[NullReferenceException: Object]",
        "at System.Web.UI.Page.Load()",
    ],
    "Node.js": ["at Object.run (/app/server.js:10:5)", "at async main (file:///app/a.mjs:1:2)"],
    "Ruby": ["app/a.rb:12:in `run'"],
    "Go": ["goroutine 1 [running]:"],
    "SQL": [
        "You have an error in your SQL syntax; check the manual",
        "ORA-00942: table or view does not exist",
        "SQLSTATE[42S02]: not found",
        "Unclosed quotation mark after the character string",
        'ERROR: syntax error at or near "x"',
    ],
}


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in ERRORS.items() for text in texts]
)
def test_errors(name: str, text: str) -> None:
    assert error_disclosure(f"出错了\n{text}\n") == name


@pytest.mark.parametrize(
    "text",
    [
        "系统出错，请稍后再试",
        "Warning: road closed in Lanze",
        "参会人员：Java 工程师",
        "500 Internal Server Error",
    ],
)
def test_no_errors(text: str) -> None:
    assert error_disclosure(text) == ""


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        (("nginx/1.22.1", ""), "nginx/1.22.1"),
        (("Apache/2.4.1 (Unix) OpenSSL/1.1", ""), "Apache/2.4.1"),
        (("nginx", "PHP/8.1.2"), "PHP/8.1.2"),
        (("Microsoft-IIS/10.0", "ASP.NET"), "Microsoft-IIS/10.0"),
        (("Apache-Coyote/1.1",), "Apache-Coyote/1.1"),
        (("Apache Tomcat 9.0.1",), "Tomcat 9.0.1"),
        (("nginx", "ASP.NET"), ""),
        (("", ""), ""),
        (("web",), ""),
    ],
)
def test_server_version(headers: tuple[str, ...], shown: str) -> None:
    found = server_version(*headers)
    assert (found == shown) or (shown and found.endswith(shown))


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("技术支持：运维商丙", "运维商丙"),
        ("主办：市政府办　技术支持：运维商甲　电话", "运维商甲"),
        ("技术支持单位: 岚泽科技有限公司 版权所有", "岚泽科技有限公司"),
        ("承建单位：\n运维商乙，联系", "运维商乙"),
        ("技术支持：运维商甲|网站地图", "运维商甲"),
        ("技术支持：0551-1234567 技术支持：运维商甲", "运维商甲"),
        ("本站由岚泽科技公司提供技术支持", "岚泽科技公司"),
        ("技术支持电话：0551", ""),
        ("我们提供技术支持", ""),
    ],
)
def test_support_unit(text: str, unit: str) -> None:
    assert support_unit(text) == unit


def test_support_unit_through_elements() -> None:
    assert (
        marks('<p>技术支持：<a href="/">运维<b>商丙</b></a></p><p>电话</p>').support_unit
        == "运维商丙"
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("备案号：岚ICP备2026000020号-1 网站标识码", "岚ICP备2026000020号-1"),
        ("皖ICP备 05012345 号", "皖ICP备05012345号"),
        ("京ICP证030173号", "京ICP证030173号"),
        ("ICP 备案说明", ""),
        ("皖公网安备 34010402701234号", ""),
    ],
)
def test_icp(text: str, number: str) -> None:
    assert icp(text) == number


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("机密★10年", True),
        ("秘密 ★ 长期", True),
        ("绝密★三个月", True),
        ("机密☆5 年", True),
        ("机密\u3000★\u30006个月", True),
        ("保守国家秘密是公民的义务", False),
        ("绝密、机密、秘密三级", False),
        ("机密★", False),
        ("秘密花园★5分", False),
        ("商业秘密 10年", False),
    ],
)
def test_secrecy_mark(text: str, marked: bool) -> None:
    assert secrecy_mark(text) is marked


def test_phrases_with_gaps() -> None:
    assert contains("默认账号 admin 仍在启用", "默认账号…仍在启用")
    assert contains("默认账号、默认账号甲仍在启用", "默认账号…仍在启用")
    assert not contains("默认账号" + "甲" * 60 + "仍在启用", "默认账号…仍在启用")
    assert not contains("默认账号\n仍在启用", "默认账号…仍在启用")
    assert not contains("仍在启用的默认账号", "默认账号…仍在启用")


@given(st.text(max_size=40), st.text(max_size=40))
def test_contains_is_a_plain_search_without_gaps(where: str, phrase: str) -> None:
    if "…" not in phrase:
        assert contains(where.lower(), phrase) is (phrase.lower() in where.lower())


def test_shipped_signatures() -> None:
    kinds = {signature.kind for signature in SIGNATURES}
    assert kinds == set(Kind)
    assert len(SIGNATURES) > 60


def test_signatures_with_faults_name_the_line(tmp_path: Path) -> None:
    file = tmp_path / "marks.yaml"
    file.write_text(
        "default_products:\n  - {name: 甲}\n  - {name: 乙, titel: [x]}\n", encoding="utf-8"
    )
    with pytest.raises(Faulty) as caught:
        load_signatures(file)
    assert [fault.where.rsplit(":", 2)[1] for fault in caught.value.faults] == ["2", "3"]


def test_a_signature_asks_for_all_it_names() -> None:
    signature = Signature(
        Kind.DEFAULT_PRODUCT, "x", heading=("a",), text=("b",), markup=("c",), login=True
    )
    whole = f"<title>A</title><p>B</p><i class=c></i>{PASSWORD}"
    for missing in ("", "<title>A</title>", "<p>B</p>", "<i class=c></i>", PASSWORD):
        html = whole.replace(missing, "") if missing else whole
        found = marks_of(read_page(html, "http://a.test/"), html, [signature]).default_product
        assert found == ("" if missing else "x")
