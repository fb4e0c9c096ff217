"""The pages in a real browser: they show, filter, and let nothing run that was said."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from changetalk.report import write_report

pytestmark = pytest.mark.browser

# Contrast by WCAG 2.2 of every text that shows, against the grounds that lie behind it.
CONTRASTS = """
const rgb = (c) => c.match(/[\\d.]+/g).map(Number);
const lum = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, w, k) => {
  const v = c[k] / 255; return sum + w * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); }, 0);
const poor = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const owner = walk.currentNode.parentElement;
  if (!walk.currentNode.data.trim() || !owner.checkVisibility() || owner.closest("svg, script")) continue;
  let ground = owner, back;
  do { back = rgb(getComputedStyle(ground).backgroundColor); ground = ground.parentElement; }
  while (back[3] === 0 && ground);
  const [low, high] = [lum(rgb(getComputedStyle(owner).color)), lum(back)].sort((a, b) => a - b);
  if ((high + 0.05) / (low + 0.05) < 4.5) poor.push(owner.className + ": " + walk.currentNode.data);
}
return poor;
"""

VISIBLE = "return [...document.querySelectorAll('#utterances>li')].filter(e => !e.hidden).map(e => e.id)"
TIPS = "return [...document.querySelectorAll('.p')].filter(e => e.checkVisibility()).map(e => e.id)"
PRESSED = "return [...document.querySelectorAll('button[aria-pressed=true]')].map(e => e.textContent)"


@pytest.fixture
def page(one, tmp_path):
    """The page of one session."""
    return write_report(one, tmp_path / "anna.html")[0]


@pytest.fixture
def hand(browser):
    """What the mouse and the keyboard do."""
    return lambda: ActionChains(browser.driver, duration=0)


def find(browser, selector):
    """Return the first element of a selector."""
    return browser.driver.find_element("css selector", selector)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 375, 1280])
def test_pages_show_without_complaint_request_or_sideways_scroll(several, tmp_path, browser, width, dark):
    for path in write_report(several, tmp_path)[:2]:
        browser.open(path, width=width, dark=dark)
        browser("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert browser("return innerWidth") == width
        assert not browser("const e = document.documentElement; return e.scrollWidth > e.clientWidth")
        assert browser(CONTRASTS) == []
        ground = browser("return getComputedStyle(document.documentElement).backgroundColor")
        assert ground == ("rgb(20, 24, 29)" if dark else "rgb(255, 255, 255)")
        assert browser.requests() == [path.as_uri()]
        assert browser.complaints() == []


def test_what_was_said_never_runs(page, one, browser):
    browser.open(page)
    assert browser("return window.broken === undefined")
    assert browser("return document.querySelectorAll('img').length") == 0
    assert one["text"].tolist()[8] in browser("return document.body.innerText")


def test_even_an_injected_script_and_image_are_refused(page, browser):
    browser.open(page)
    browser(
        "const s = document.createElement('script'); s.textContent = 'window.broken = true';"
        "document.body.append(s);"
        "const i = document.createElement('img'); i.src = 'http://127.0.0.1:9/x'; document.body.append(i);"
    )
    assert browser("return window.broken === undefined")
    refused = browser.complaints()
    assert len(refused) == 2
    assert all("Content Security Policy" in each for each in refused)


def test_hovering_shows_the_probabilities(page, browser, hand):
    browser.open(page)
    assert browser(TIPS) == []
    hand().move_to_element(find(browser, "#u4 .said")).perform()
    assert browser(TIPS) == ["u4p"]
    assert find(browser, "#u4p").text.split() == ["change", "0.10", "neutral", "0.25", "sustain", "0.65"]
    hand().move_to_element(find(browser, "h1")).perform()
    assert browser(TIPS) == []


def test_the_keyboard_reaches_them_too_and_escape_takes_them_away(page, browser, hand):
    browser.open(page)
    browser("document.querySelector('#probabilities').focus()")
    hand().send_keys(Keys.TAB).perform()
    assert browser(TIPS) == ["u2p"]
    outline = browser("return getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"
    hand().send_keys(Keys.TAB).perform()
    assert browser(TIPS) == ["u4p"]
    hand().send_keys(Keys.ESCAPE).perform()
    assert browser(TIPS) == []
    hand().send_keys(Keys.TAB).perform()
    assert browser(TIPS) == ["u5p"]


def test_a_tooltip_stays_within_a_narrow_window(page, browser):
    browser.open(page, width=375)
    browser("document.querySelector('#u4 .said').focus()")
    assert browser(TIPS) == ["u4p"]
    assert browser("return document.querySelector('#u4p').getBoundingClientRect().right") <= 375
    assert browser("return document.documentElement.scrollWidth") == 375


def test_filters_by_mouse_and_by_keyboard(page, browser, hand):
    browser.open(page)
    everything = [f"u{k}" for k in range(1, 11)]
    assert browser(VISIBLE) == everything
    assert browser(PRESSED) == ["Everything"]
    find(browser, "[data-show=change]").click()
    # What the therapist said just before stays.
    assert browser(VISIBLE) == ["u5", "u6", "u7", "u8", "u9"]
    assert browser(PRESSED) == [" change 3"]
    assert find(browser, "#shown").text == "3 change utterances, with what was said before"
    hand().send_keys(Keys.TAB, Keys.TAB, Keys.SPACE).perform()
    assert browser(PRESSED) == [" change 3", " sustain 1"]
    assert browser(VISIBLE) == ["u3", "u4", "u5", "u6", "u7", "u8", "u9"]
    find(browser, "[data-show=change]").click()
    assert find(browser, "#shown").text == "1 sustain utterance, with what was said before"
    find(browser, "[data-show=all]").click()
    assert browser(VISIBLE) == everything
    assert find(browser, "#shown").text == ""


def test_all_probabilities_at_once(page, browser):
    browser.open(page)
    find(browser, "#probabilities").click()
    assert len(browser(TIPS)) == 6
    assert browser(PRESSED) == ["Everything", "Show all probabilities"]
    find(browser, "#probabilities").click()
    assert len(browser(TIPS)) <= 1  # the mouse may lie over one


def test_a_place_in_the_curve_leads_to_its_utterance_even_if_filtered_away(page, browser):
    browser.open(page)
    find(browser, "[data-show=sustain]").click()
    assert "u7" not in browser(VISIBLE)
    browser("document.querySelector('.drawing a[href=\"#u7\"]').dispatchEvent(new MouseEvent('click'))")
    browser.driver.execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0]))")
    assert "u7" in browser(VISIBLE)
    assert browser("return document.querySelector('#u7').matches(':target')")


def test_the_skip_link_leads_to_the_talk(page, browser, hand):
    browser.open(page)
    hand().send_keys(Keys.TAB, Keys.ENTER).perform()
    assert browser("return document.activeElement.id") == "talk"


def test_paper_holds_the_probabilities_and_no_buttons(page, browser):
    browser.open(page, media="print", dark=True)
    assert len(browser(TIPS)) == 6
    assert not browser("return document.querySelector('#controls').checkVisibility()")
    assert (
        browser("return getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    )
