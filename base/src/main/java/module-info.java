/** What every protocol core of Tautline stands on; knows no protocol. */
module dev.tautline.base {
  requires static transitive org.jspecify;

  exports dev.tautline.base;
}
