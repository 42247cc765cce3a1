package dev.tautline.web;

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
  void webStandsOnTheJdkAlone() {
    classes()
        .that()
        .resideInAPackage("dev.tautline.web..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("dev.tautline.web..", "java..", "org.jspecify..")
        .because("web only packs files; whoever serves them brings the server")
        .check(PRODUCTION);
  }
}
