import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlsec.range.mapping import PAPER_BLOCKS, paper, translate, translate_block


@given(st.sampled_from(["203.0.113", "198.51.100", "192.0.2"]), st.integers(0, 255))
def test_there_and_back(prefix: str, last: int) -> None:
    loopback, port = translate(f"{prefix}.{last}", 443)
    assert loopback.startswith("127.")
    assert port == 443
    assert paper(loopback) == f"{prefix}.{last}"


def test_the_three_ranges() -> None:
    assert translate("203.0.113.10", 443) == ("127.113.0.10", 443)
    assert translate("198.51.100.33", 3389) == ("127.100.0.33", 3389)
    assert translate("192.0.2.131", 9443, 20000) == ("127.2.0.131", 29443)


def test_the_shift_leaves_any_port_alone() -> None:
    assert translate("192.0.2.170", 0, 20000) == ("127.2.0.170", 0)


@given(st.ip_addresses(v=4))
def test_no_other_address_has_a_twin(address: object) -> None:
    if any(address in block for block in PAPER_BLOCKS):
        return
    with pytest.raises(ValueError, match="文档地址段"):
        translate(str(address), 80)


@pytest.mark.parametrize(
    "address", ["", "::1", "2001:db8::10", "203.0.113", "203.0.113.10 ", "203.0.113.010", "x"]
)
def test_nonsense_and_ipv6_are_refused(address: str) -> None:
    with pytest.raises(ValueError):
        translate(address, 80)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.113.1.10", "203.0.113.10", "::1"])
def test_not_every_loopback_address_is_paper(address: str) -> None:
    with pytest.raises(ValueError):
        paper(address)


def test_blocks_keep_their_length() -> None:
    from ipaddress import IPv4Network

    assert str(translate_block(IPv4Network("203.0.113.192/26"))) == "127.113.0.192/26"
    with pytest.raises(ValueError):
        translate_block(IPv4Network("192.0.0.0/16"))
