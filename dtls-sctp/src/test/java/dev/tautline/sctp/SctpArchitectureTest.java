package dev.tautline.sctp;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class SctpArchitectureTest {
  private static final JavaClasses PRODUCTION =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.tautline.sctp", "dev.tautline.dtls");

  @Test
  void sctpStandsOnBaseAlone() {
    classes()
        .that()
        .resideInAPackage("dev.tautline.sctp..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "dev.tautline.sctp..",
            "dev.tautline.base..",
            "java..",
            "javax.crypto..",
            "org.jspecify..")
        .because("datachannel.transport joins SCTP and DTLS; they do not know each other")
        .check(PRODUCTION);
  }

  @Test
  void packetsKnowNoBehaviour() {
    classes()
        .that()
        .resideInAPackage("dev.tautline.sctp.packet..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "dev.tautline.sctp.packet..", "dev.tautline.base..", "java..", "org.jspecify..")
        .because("the wire format holds whatever the association does with it")
        .check(PRODUCTION);
  }

  @Test
  void theTwoHalvesDoNotKnowEachOther() {
    noClasses()
        .that()
        .resideInAPackage("dev.tautline.sctp.rx..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.tautline.sctp.tx..", "dev.tautline.sctp.association..")
        .because("the association joins them")
        .check(PRODUCTION);
    noClasses()
        .that()
        .resideInAPackage("dev.tautline.sctp.tx..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.tautline.sctp.rx..", "dev.tautline.sctp.association..")
        .because("the association joins them")
        .check(PRODUCTION);
  }

  @Test
  void theSearchForTheMtuKnowsNoChunks() {
    classes()
        .that()
        .resideInAPackage("dev.tautline.sctp.mtu..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "dev.tautline.sctp.mtu..", "dev.tautline.base..", "java..", "org.jspecify..")
        .because("it is asked for sizes and told what became of them")
        .check(PRODUCTION);
  }
}
