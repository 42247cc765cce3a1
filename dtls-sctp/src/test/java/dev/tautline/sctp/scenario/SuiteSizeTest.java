package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * Counts the SCTP tests: distinct methods, however many seeds, sizes and vectors each runs with.
 * {@link RepeatedRuns} prints how many of them had a packet ladder of their own.
 */
class SuiteSizeTest {
  private static Set<String> methods(Predicate<Class<?>> ofClasses) {
    var methods = new HashSet<String>();
    for (Class<?> testClass :
        ReflectionSupport.findAllClassesInPackage(
            "dev.tautline.sctp",
            c -> ofClasses.test(c) && !AnnotationSupport.isAnnotated(c, Tag.class),
            name -> name.endsWith("Test"))) {
      for (Method method :
          ReflectionSupport.findMethods(
              testClass,
              m -> AnnotationSupport.isAnnotated(m, Testable.class),
              HierarchyTraversalMode.TOP_DOWN)) {
        methods.add(testClass.getName() + "." + method.getName());
      }
    }
    return methods;
  }

  @Test
  void thereAreSixHundredTestsAndHalfOfThemAreScenarios() {
    Set<String> all = methods(c -> true);
    Set<String> scenarios = methods(c -> AnnotationSupport.isAnnotated(c, Scenarios.class));

    System.out.println(
        all.size() + " SCTP tests, " + scenarios.size() + " of them in classes of scenarios");

    assertThat(all).hasSizeGreaterThanOrEqualTo(600);
    assertThat(scenarios).hasSizeGreaterThanOrEqualTo(300);
  }
}
