package dev.tautline.stun;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final JavaClasses PRODUCTION =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.tautline.stun");

  @Test
  void stunStandsOnBaseAndNettyOnlyInItsNettyPackage() {
    classes()
        .that()
        .resideInAPackage("dev.tautline.stun..")
        .and()
        .resideOutsideOfPackage("dev.tautline.stun.netty..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "dev.tautline.stun..",
            "dev.tautline.base..",
            "java..",
            "javax.crypto..",
            "org.jspecify..")
        .because("messages and transactions do no I/O; the drivers in .netty do")
        .check(PRODUCTION);
  }

  @Test
  void theCoreKnowsNothingOfItsDriver() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.tautline.stun.netty..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.tautline.stun.netty..")
        .because("arrows point down only")
        .check(PRODUCTION);
  }
}
