package dev.tautline.testkit;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final JavaClasses PRODUCTION =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.tautline");

  @Test
  void testkitStandsOnBaseAndTheJdk() {
    classes()
        .that()
        .resideInAPackage("dev.tautline.testkit..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "dev.tautline.testkit..", "dev.tautline.base..", "java..", "org.jspecify..")
        .because("every module's tests use it, so it may know none of them")
        .check(PRODUCTION);
  }
}
