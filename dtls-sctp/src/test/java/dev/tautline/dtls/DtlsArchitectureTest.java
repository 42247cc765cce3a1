package dev.tautline.dtls;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("dtls")
class DtlsArchitectureTest {
  private static final JavaClasses PRODUCTION =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.tautline");

  @Test
  void onlyOnePackageNamesBouncyCastle() {
    noClasses()
        .that()
        .resideInAPackage("dev.tautline..")
        .and()
        .resideOutsideOfPackage("dev.tautline.dtls.bc")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bouncycastle..")
        .because("the library behind the handshake has to be replaceable")
        .check(PRODUCTION);
  }

  @Test
  void dtlsKnowsNeitherSctpNorAnythingAboveIt() {
    classes()
        .that()
        .resideInAPackage("dev.tautline.dtls..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "dev.tautline.dtls..",
            "dev.tautline.base..",
            "org.bouncycastle..",
            "java..",
            "javax.crypto..",
            "org.jspecify..")
        .because("datachannel.transport joins DTLS and SCTP")
        .check(PRODUCTION);
  }

  @Test
  void recordProtectionKnowsNoHandshake() {
    noClasses()
        .that()
        .resideInAPackage("dev.tautline.dtls.record")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.tautline.dtls", "dev.tautline.dtls.engine", "dev.tautline.dtls.bc")
        .because("keys and record numbers are all that it needs")
        .check(PRODUCTION);
  }
}
