package dev.tautline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Every Java block of the README is text of a file that the build compiles and runs. */
class ReadmeTest {
  private static final Path ROOT = Path.of("..");
  private static final Pattern JAVA_BLOCK =
      Pattern.compile("<!-- (\\S+) -->\\n```java\\n(.*?)```", Pattern.DOTALL);

  @Test
  void everyJavaBlockStandsInAFileThatIsCompiled() throws Exception {
    String readme = Files.readString(ROOT.resolve("README.md"));
    List<String> files = new ArrayList<>();
    Matcher block = JAVA_BLOCK.matcher(readme);
    while (block.find()) {
      files.add(block.group(1));
      String source = Files.readString(ROOT.resolve(block.group(1)));
      // A block may be indented deeper in its file than it is in the README.
      assertThat(withoutIndent(source))
          .as("the block of %s", block.group(1))
          .contains(withoutIndent(block.group(2)));
    }
    assertThat(files).hasSizeGreaterThanOrEqualTo(3);
    assertThat(readme.split("```java", -1))
        .as("each block names its file")
        .hasSize(files.size() + 1);
  }

  @Test
  void theProgramOfTheFirstScreenIsWholeAndShort() throws Exception {
    String readme = Files.readString(ROOT.resolve("README.md"));
    Matcher block = JAVA_BLOCK.matcher(readme);
    assertThat(block.find()).isTrue();
    assertThat(block.group(1)).endsWith("TwoPeers.java");
    assertThat(block.group(2).lines()).hasSizeLessThanOrEqualTo(25);
    String source = Files.readString(ROOT.resolve(block.group(1)));
    assertThat(block.group(2)).isEqualTo(source);
  }

  private static String withoutIndent(String text) {
    return String.join("\n", text.lines().map(String::strip).toList());
  }
}
