package dev.tautline.rpc;

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
          .importPackages("dev.tautline.rpc");

  @Test
  void rpcStandsOnTheJdkAndALogger() {
    classes()
        .that()
        .resideInAPackage("dev.tautline.rpc..")
        .and()
        .resideOutsideOfPackages(
            "dev.tautline.rpc.codec.json..", "dev.tautline.rpc.endpoint.datachannel..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("dev.tautline.rpc..", "java..", "org.jspecify..", "org.slf4j..")
        .because("calls work over any text channel and know nothing of what carries them")
        .check(PRODUCTION);
  }

  @Test
  void jacksonStaysInOnePackage() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.tautline.rpc.codec.json..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.fasterxml..")
        .because("the JSON library is an adapter's business")
        .check(PRODUCTION);
  }

  @Test
  void dataChannelsStayInOnePackage() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.tautline.rpc.endpoint.datachannel..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.tautline.datachannel..")
        .because("the dependency is optional: RPC over other channels must load without it")
        .check(PRODUCTION);
  }

  @Test
  void theAdapterKnowsNothingBelowDataChannels() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.tautline.sctp..",
            "dev.tautline.dtls..",
            "dev.tautline.ice..",
            "dev.tautline.stun..",
            "dev.tautline.signalling..",
            "io.netty..")
        .because("a layer never reaches through its neighbour")
        .check(PRODUCTION);
  }

  @Test
  void messagesAndFramesKnowNothingOfCalls() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.tautline.rpc.frame..", "dev.tautline.rpc.message..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.tautline.rpc.session..", "dev.tautline.rpc.expose..")
        .because("the wire format is data")
        .check(PRODUCTION);
  }
}
