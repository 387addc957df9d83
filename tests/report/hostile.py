"""Texts that try to break a renderer or to be executed by one."""

HOSTILE = {
    "jinja": "{{ 7*7 }}{% for x in ().__class__.__mro__ %}{{ x }}{% endfor %}",
    "slots": "{basis}{issuer.__class__}{0}",
    "typst": '#panic("x") #import "@preview/cetz:0.1.0" *粗* _斜_ $x^2$ `raw` <label> @ref \\ // /* */ = H',
    "typst_read": '#read("/etc/passwd") #eval("1+1")',
    "xml": "</w:t></w:r><w:p/>&amp;&lt;<![CDATA[x]]><!-- x -->",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'</style>",
    "control": "甲\x00乙\x01\x08\x0b\x0c\x1b[31m\x7f\x85丙",
    "lines": "一\r\n二\r三\n四\t五\u2028六",
    "rtl": "\u202egpj.exe\u202c 与 \u2067x\u2069",
    "noncharacter": "甲\ufffe\uffff\ud800乙",
    "formula": '=HYPERLINK("http://x","点")',
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-2+3",
    "at": "@SUM(1)",
    "link": "https://example.test/?a=1#b",
    "number": "00123",
    "word": "None nan",
}
COVERED = {name: text for name, text in HOSTILE.items() if name != "word"}
LONG = "长" * 5_000 + "a" * 5_000
EMOJI = "问题😀与👨‍👩‍👧"
HEBREW = "שלום"
