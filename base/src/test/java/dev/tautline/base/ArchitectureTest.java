package dev.tautline.base;

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
  void baseStandsOnTheJdkAlone() {
    classes()
        .that()
        .resideInAPackage("dev.tautline.base..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("dev.tautline.base..", "java..", "org.jspecify..")
        .because("every module stands on base, so base may bring nothing along")
        .check(PRODUCTION);
  }
}
