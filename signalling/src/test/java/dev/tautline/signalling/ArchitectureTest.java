package dev.tautline.signalling;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final String ROOT = "dev.tautline.signalling";
  private static final JavaClasses PRODUCTION =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(ROOT);

  @Test
  void messagesStandOnTheJdkAndJacksonAlone() {
    classes()
        .that()
        .resideInAPackage(ROOT + ".protocol..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            ROOT + ".protocol..", "com.fasterxml.jackson..", "java..", "org.jspecify..")
        .because("the protocol's records are shared by server and client")
        .check(PRODUCTION);
  }

  @Test
  void onlyTheCodecNamesJackson() {
    noClasses()
        .that()
        .haveNameNotMatching(".*\\.protocol\\.JsonCodec(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.fasterxml.jackson..")
        .because("types of a dependency stay inside their adapter")
        .check(PRODUCTION);
  }

  @Test
  void roomsKnowNoNetwork() {
    classes()
        .that()
        .resideInAPackage(ROOT + ".room..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            ROOT + ".room..",
            ROOT + ".protocol..",
            "dev.tautline.base..",
            "java..",
            "org.jspecify..")
        .because("rooms are pure logic: another store or server can be put around them")
        .check(PRODUCTION);
  }

  @Test
  void serverAndClientDoNotKnowEachOther() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".server..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".client..")
        .because("a server runs without the client's dependencies")
        .check(PRODUCTION);
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".client..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + ".server..", ROOT + ".room..")
        .because("a client knows the protocol and nothing of the server's insides")
        .check(PRODUCTION);
  }

  @Test
  void onlyTheJoiningHelperNamesPeerConnections() {
    noClasses()
        .that()
        .haveNameNotMatching(".*\\.client\\.(Room|RoomOptions|RoomSession)(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.tautline.datachannel..")
        .because("a rooms server runs without a WebRTC stack on its class path")
        .check(PRODUCTION);
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.tautline.ice..",
            "dev.tautline.stun..",
            "dev.tautline.dtls..",
            "dev.tautline.sctp..",
            "dev.tautline.rpc..")
        .because("signalling carries descriptions and does not know how they are used")
        .check(PRODUCTION);
  }

  @Test
  void publicTypesOfServerAndClientShowNoNetty() {
    noMethods()
        .that()
        .arePublic()
        .and()
        .areDeclaredInClassesThat()
        .arePublic()
        .should()
        .haveRawReturnType(resideInAPackage("io.netty.."))
        .because("a type of a dependency stays out of public signatures")
        .check(PRODUCTION);
  }
}
