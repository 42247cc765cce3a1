package dev.tautline.interop.demo;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tautline.interop.Require;
import dev.tautline.interop.browser.Browser.LocalAddresses;
import dev.tautline.interop.browser.BrowserDriver;
import dev.tautline.interop.browser.Chromium;
import dev.tautline.web.WebResources;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code demo --browser} as a person meets it: the runnable jar prints an address, Chromium opens
 * it, and page and JVM drive each other.
 */
@Timeout(180)
class BrowserDemoIT {
  private static final long PAGE_SECONDS = 40;

  /** A few seconds, on a machine that is busy with other tests. */
  private static final long END_SECONDS = 10;

  private static final String FIRST_TITLE = "Tautline demo";
  private static final String CONSENT_IS_OPEN = "String(document.querySelector('#consent').open)";

  /** Notes each colour that the page's body gets. */
  private static final String NOTE_COLOURS =
      """
      window.notedColours = [];
      new MutationObserver((records) => {
        for (const record of records) {
          if (record.target === document.body) {
            window.notedColours.push(record.target.style.backgroundColor);
          }
        }
      }).observe(document, { subtree: true, attributes: true, attributeFilter: ["style"] });
      """;

  private static Chromium chromium;
  private static BrowserDriver page;

  @BeforeAll
  static void start() {
    // A browser as people have it: it hides this machine's addresses from its peers.
    chromium = Chromium.start(LocalAddresses.MDNS_NAMES, "--window-size=1000,1500");
    page = chromium.driver();
  }

  @AfterAll
  static void stop() {
    if (chromium != null) {
      chromium.close();
    }
  }

  private static DemoProcess startDemo() {
    Require.that(
        DemoProcess.hasComlink(DemoProcess.JAR),
        "the runnable jar has no comlink: " + WebResources.howToGetComlink());
    return DemoProcess.start(DemoProcess.JAR);
  }

  /** Opens the address that the JVM printed, in a tab of its own. */
  private static String open(DemoProcess jvm) throws InterruptedException {
    String address = jvm.await("open http").substring("open ".length());
    String tab = page.newTab();
    page.beforeEveryPage(NOTE_COLOURS);
    page.navigate(URI.create(address));
    return tab;
  }

  private static String text(String expression) {
    return page.execute("return " + expression).asText();
  }

  private static List<String> texts(String expression) {
    JsonNode list = page.execute("return " + expression);
    return StreamSupport.stream(list.spliterator(), false).map(JsonNode::asText).toList();
  }

  private static String awaitText(String what, String expression, Predicate<String> wanted) {
    return await(what).atMost(PAGE_SECONDS, SECONDS).until(() -> text(expression), wanted);
  }

  /** Presses a button of the page and returns what the page then shows as the call's result. */
  private static String press(String button) {
    page.click("#" + button);
    String result = button.replaceFirst("^(call|send)-", "result-");
    String value = "document.querySelector('#" + result + "').value";
    return awaitText(
        "the result of " + button, value, shown -> !shown.isEmpty() && !shown.equals("…"));
  }

  @Test
  void pageAndJvmDriveEachOtherAfterThePersonAgreed() throws InterruptedException {
    try (DemoProcess jvm = startDemo()) {
      String tab = open(jvm);
      jvm.await("the page is here");
      jvm.await("changed the page's colour 25 times");
      jvm.await("asked the page for its window");
      awaitText("the question for consent", CONSENT_IS_OPEN, "true"::equals);
      assertThatTheJvmHasDrivenThePage();
      assertThat(text("document.title")).isEqualTo(FIRST_TITLE);
      chromium.screenshot("browser-demo-consent");

      page.click("#consent-allow");
      jvm.await("the page's title is now: driven by a JVM");
      assertThat(text("document.title")).isEqualTo("driven by a JVM");
      assertThat(text("document.querySelector('#page-title').textContent"))
          .isEqualTo("driven by a JVM");
      assertThat(text(CONSENT_IS_OPEN)).isEqualTo("false");
      jvm.await("press the page's buttons");

      assertThatEveryButtonCallsTheJvm(jvm);
      chromium.screenshot("browser-demo");

      page.closeTab(tab);
      assertThat(jvm.exitCode(END_SECONDS)).isZero();
      assertThat(jvm.remainingOut()).containsExactly("the page has left");
      assertThat(jvm.errorLines()).isEmpty();
    }
  }

  private static void assertThatTheJvmHasDrivenThePage() {
    List<String> colours = texts("window.notedColours");
    assertThat(colours).hasSize(25);
    assertThat(new HashSet<>(colours)).hasSizeGreaterThan(20);
    String last = colours.get(24);
    assertThat(text("getComputedStyle(document.body).backgroundColor")).isEqualTo(last);
    assertThat(
            "rgb("
                + String.join(
                    ", ",
                    texts("[...document.querySelectorAll('input[type=range]')].map(i => i.value)"))
                + ")")
        .isEqualTo(last);
    assertThat(texts("[...document.querySelector('#log').children].map(l => l.textContent)"))
        .singleElement()
        .asString()
        .matches("hello from JVM process \\d+");
  }

  private static void assertThatEveryButtonCallsTheJvm(DemoProcess jvm)
      throws InterruptedException {
    assertThat(press("call-add")).isEqualTo("7");
    jvm.await("the page calls add(3, 4)");

    assertThat(press("call-greeting")).matches("hello from process \\d+");
    jvm.await("the page reads greeting");
    assertThat(press("call-set-greeting")).isEqualTo("is now \"hello from the page\"");
    jvm.await("the page writes greeting = hello from the page");
    jvm.await("the page reads greeting");

    assertThat(press("call-counter")).isEqualTo("11, 12");
    jvm.await("the page makes a Counter at 10");
    jvm.await("the page's Counter goes to 11");
    jvm.await("the page's Counter goes to 12");

    // 2 + 4 + 6 + 8 + 10: the page's own function doubles.
    assertThat(press("call-sum")).isEqualTo("30");
    jvm.await("the page calls sum(5, a function of the page)");

    assertThat(press("call-divide")).isEqualTo("RangeError: 1 cannot be divided by 0");
    jvm.await("the page calls divide(1, 0)");
    assertThat(texts("[...document.querySelectorAll('.result.failed')].map(r => r.id)"))
        .containsExactly("result-divide");

    String colour =
        texts("[...document.querySelectorAll('input[type=range]')].map(i => i.value)").stream()
            .reduce((a, b) -> a + ", " + b)
            .orElseThrow();
    assertThat(press("send-colour")).isEqualTo("done");
    jvm.await("the page's sliders are at " + colour);

    assertThat(texts("[...document.querySelectorAll('button.needs-peer')].map(b => b.id)"))
        .as("the buttons that this test presses")
        .containsExactlyInAnyOrder(
            "call-add",
            "call-greeting",
            "call-set-greeting",
            "call-counter",
            "call-sum",
            "call-divide",
            "send-colour");
  }

  @Test
  void aRefusalIsOneLineAndTheRestGoesOnWorking() throws InterruptedException {
    try (DemoProcess jvm = startDemo()) {
      String tab = open(jvm);
      jvm.await("asked the page for its window");
      awaitText("the question for consent", CONSENT_IS_OPEN, "true"::equals);
      page.click("#consent-refuse");
      assertThat(jvm.await("no window"))
          .isEqualTo("no window: The person in front of the page refused to give its window");
      jvm.await("press the page's buttons");
      assertThat(text("document.title")).isEqualTo(FIRST_TITLE);
      assertThat(text(CONSENT_IS_OPEN)).isEqualTo("false");

      assertThatEveryButtonCallsTheJvm(jvm);

      page.click("#leave");
      assertThat(jvm.exitCode(END_SECONDS)).isZero();
      assertThat(jvm.remainingOut()).containsExactly("the page has left");
      assertThat(jvm.errorLines()).isEmpty();
      assertThat(text("document.querySelector('#status').textContent")).isEqualTo("Not in a room.");
      page.closeTab(tab);
    }
  }

  @Test
  void aPageThatGoesWhileItIsAskedEndsTheDemo() throws InterruptedException {
    try (DemoProcess jvm = startDemo()) {
      String tab = open(jvm);
      jvm.await("asked the page for its window");
      awaitText("the question for consent", CONSENT_IS_OPEN, "true"::equals);
      page.closeTab(tab);
      assertThat(jvm.exitCode(END_SECONDS)).isZero();
      assertThat(jvm.remainingOut()).containsExactly("the page has left");
      assertThat(jvm.errorLines()).isEmpty();
    }
  }

  @Test
  void aJarWithoutComlinkSaysHowToGetIt(@TempDir Path folder) throws IOException {
    Path jar = Files.copy(DemoProcess.JAR, folder.resolve("tautline.jar"));
    try (FileSystem files = FileSystems.newFileSystem(jar)) {
      Path web = files.getPath("dev", "tautline", "web");
      for (String path : List.of("vendor/comlink.mjs", "vendor/comlink.LICENSE.txt")) {
        Files.deleteIfExists(web.resolve(path));
      }
    }
    assertThat(DemoProcess.hasComlink(jar)).isFalse();
    try (DemoProcess jvm = DemoProcess.start(jar)) {
      assertThat(jvm.exitCode(PAGE_SECONDS)).isEqualTo(1);
      assertThat(jvm.errorLines()).containsExactly(WebResources.howToGetComlink());
      assertThat(jvm.remainingOut()).isEmpty();
    }
  }
}
