package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.ReflectionSupport;

/** Each test that {@code docs/sctp-conformance.md} names exists. */
class ConformanceDocumentTest {
  private static final Pattern NAMED = Pattern.compile("`(\\w+Test)\\.(\\w+)`");

  /** Tests run in the module's folder. */
  private static final Path DOCUMENT = Path.of("..", "docs", "sctp-conformance.md");

  @Test
  void namesOnlyTestsThatExist() throws IOException {
    Set<String> existing = new HashSet<>();
    for (Class<?> testClass :
        ReflectionSupport.findAllClassesInPackage(
            "dev.tautline.sctp", c -> true, name -> name.endsWith("Test"))) {
      for (Method method : testClass.getDeclaredMethods()) {
        if (AnnotationSupport.isAnnotated(method, Testable.class)) {
          existing.add(testClass.getSimpleName() + "." + method.getName());
        }
      }
    }
    var named = new TreeSet<String>();
    var matcher = NAMED.matcher(Files.readString(DOCUMENT));
    while (matcher.find()) {
      named.add(matcher.group(1) + "." + matcher.group(2));
    }

    assertThat(named).hasSizeGreaterThan(100);
    named.removeAll(existing);
    assertThat(named).as("named in %s, but no test", DOCUMENT).isEmpty();
  }
}
