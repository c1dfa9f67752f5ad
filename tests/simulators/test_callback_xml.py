"""The wire form of production: compare with the official sample (contract §3.4, §3.5)."""

from defusedxml import ElementTree

from simulators.callback_xml import event_xml


def test_the_official_add_event() -> None:
    fields = {
        "ChangeType": "add_external_contact",
        "UserID": "zhangsan",
        "ExternalUserID": "woAJ2GCAAAXtWyujaWJHDDGi0mAAAA",
        "State": "teststate",
        "WelcomeCode": "WELCOMECODE",
    }
    assert event_xml("toUser", 1403610513, "change_external_contact", fields) == (
        "<xml><ToUserName><![CDATA[toUser]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
        "<CreateTime>1403610513</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        "<Event><![CDATA[change_external_contact]]></Event>"
        "<ChangeType><![CDATA[add_external_contact]]></ChangeType><UserID><![CDATA[zhangsan]]></UserID>"
        "<ExternalUserID><![CDATA[woAJ2GCAAAXtWyujaWJHDDGi0mAAAA]]></ExternalUserID>"
        "<State><![CDATA[teststate]]></State><WelcomeCode><![CDATA[WELCOMECODE]]></WelcomeCode></xml>"
    )


def test_absent_is_not_empty() -> None:
    assert "State" not in event_xml("corp", 1, "event", {"State": None})


def test_text_cannot_break_out_of_its_cdata() -> None:
    xml = event_xml("corp", 1, "event", {"State": "a]]><b/>"})
    assert ElementTree.fromstring(xml).findtext("State") == "a]]><b/>"
