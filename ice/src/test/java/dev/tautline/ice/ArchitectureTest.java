package dev.tautline.ice;

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
          .importPackages("dev.tautline.ice");

  @Test
  void nettyIsNamedByTheSocketsAndTheGatheringAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "dev.tautline.ice.udp..", "dev.tautline.ice.tcp..", "dev.tautline.ice.gather..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.netty..")
        .because("above the sockets only byte arrays are seen, and the API names no dependency")
        .check(PRODUCTION);
  }

  @Test
  void theLogicStandsOnStunAlone() {
    classes()
        .that()
        .resideInAnyPackage("dev.tautline.ice.check..", "dev.tautline.ice.candidate..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "dev.tautline.ice",
            "dev.tautline.ice.check..",
            "dev.tautline.ice.candidate..",
            "dev.tautline.stun..",
            "dev.tautline.base..",
            "java..",
            "org.jspecify..")
        .because("the check list runs in virtual time, without sockets")
        .check(PRODUCTION);
  }

  @Test
  void multicastDnsStandsOnTheBaseAlone() {
    classes()
        .that()
        .resideInAPackage("dev.tautline.ice.mdns..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "dev.tautline.ice.mdns..", "dev.tautline.base..", "java..", "org.jspecify..")
        .because("messages and responder run without sockets, and need nothing of ICE")
        .check(PRODUCTION);
  }

  @Test
  void onlyTheRuntimeKnowsTheDrivers() {
    noClasses()
        .that()
        .resideInAPackage("dev.tautline.ice")
        .and()
        .haveNameNotMatching("dev\\.tautline\\.ice\\.IceRuntime(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.tautline.ice.agent..",
            "dev.tautline.ice.endpoint..",
            "dev.tautline.ice.turn..",
            "dev.tautline.ice.tcp..",
            "dev.tautline.ice.udp..",
            "dev.tautline.ice.mdns..",
            "dev.tautline.ice.gather..")
        .because("the API is interfaces and values; another agent can take this one's place")
        .check(PRODUCTION);
  }

  @Test
  void iceKnowsNothingOfWhatStandsOnIt() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.tautline.dtls..",
            "dev.tautline.sctp..",
            "dev.tautline.datachannel..",
            "dev.tautline.rpc..",
            "dev.tautline.signalling..",
            "org.ice4j..",
            "org.jitsi..")
        .because("arrows point down only, and ice4j was left out (docs/decisions/001-ice-agent.md)")
        .check(PRODUCTION);
  }
}
