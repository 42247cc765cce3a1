package dev.tautline.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.web.WebResources.WebResource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebResourcesTest {
  private static final Path SOURCES = Path.of("src/main/resources/dev/tautline/web");

  @Test
  void listsEveryPackedFileAndNoOther() throws IOException {
    List<String> packed;
    try (Stream<Path> files = Files.walk(SOURCES)) {
      packed =
          files
              .filter(Files::isRegularFile)
              .map(file -> "/" + SOURCES.relativize(file).toString().replace('\\', '/'))
              .sorted()
              .collect(Collectors.toList());
    }

    assertThat(WebResources.list())
        .extracting(WebResource::path)
        .filteredOn(path -> !path.startsWith("/vendor/"))
        .containsExactlyElementsOf(packed);
  }

  @Test
  void opensAModuleWithTheTypeThatBrowsersInsistOn() throws IOException {
    WebResource module = WebResources.find("/js/channel-endpoint.mjs").orElseThrow();

    assertThat(module.contentType()).isEqualTo("text/javascript; charset=utf-8");
    assertThat(new String(module.bytes(), StandardCharsets.UTF_8)).contains("channelEndpoint");
    try (InputStream stream = WebResources.open(module.path()).orElseThrow()) {
      assertThat(stream.readAllBytes()).isEqualTo(module.bytes());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "/demo/",
        "/js/../js/join-room.mjs",
        "/WebResources.class",
        "//js/join-room.mjs",
        "/../../../META-INF/MANIFEST.MF",
        "js/join-room.mjs"
      })
  void opensNothingElse(String path) {
    assertThat(WebResources.find(path)).isEmpty();
    assertThat(WebResources.open(path)).isEmpty();
  }

  @Test
  void knowsWhetherComlinkIsPacked() {
    boolean installed = Files.exists(Path.of("node_modules/comlink/package.json"));

    assertThat(WebResources.hasComlink()).isEqualTo(installed);
    assertThat(WebResources.howToGetComlink()).contains("npm");
  }

  @Test
  void pageAndModulesNameNoOtherHost() throws IOException {
    for (WebResource resource : WebResources.list()) {
      if (!resource.path().startsWith("/vendor/")) {
        assertThat(new String(resource.bytes(), StandardCharsets.UTF_8))
            .as(resource.path())
            .doesNotContain("src=\"http", "from \"http", "from 'http", "url(http");
      }
    }
  }
}
