package dev.tautline.datachannel;

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
          .importPackages("dev.tautline");

  @Test
  void datachannelStandsOnIceAndDtlsSctp() {
    classes()
        .that()
        .resideInAPackage("dev.tautline.datachannel..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "dev.tautline.datachannel..",
            "dev.tautline.ice",
            "dev.tautline.dtls",
            "dev.tautline.dtls.engine",
            "dev.tautline.sctp",
            "dev.tautline.base",
            "java..",
            "org.jspecify..",
            "org.slf4j..")
        .because("neither Netty nor Bouncy Castle nor ice4j may shine through")
        .check(PRODUCTION);
  }

  @Test
  void sdpAndDcepKnowNothingOfConnections() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.tautline.datachannel.sdp..", "dev.tautline.datachannel.dcep..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.tautline.datachannel",
            "dev.tautline.datachannel.transport",
            "dev.tautline.ice..",
            "dev.tautline.dtls..",
            "dev.tautline.sctp..")
        .because("what is parsed and written has no behaviour")
        .check(PRODUCTION);
  }
}
