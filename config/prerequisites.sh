# Sourced by ./demo, ./tautline and ./verify: finds a JDK and Maven, installs what is missing where
# that is allowed. Names no registry: the machine's own package manager, npm and Maven are asked.

say() { printf '%s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

apt_updated=no
# install PACKAGE...: through apt-get; returns 1 where that is not possible.
install() {
  can_install || return 1
  mkdir -p .cache
  if [ "$apt_updated" = no ]; then
    apt-get update >.cache/apt.log 2>&1 || true
    apt_updated=yes
  fi
  say "installing $* ..."
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" \
    >>.cache/apt.log 2>&1
}

java_major() { # of the java command $1
  "$1" -XshowSettings:properties -version 2>&1 |
    sed -n 's/^ *java\.specification\.version = \([0-9]*\).*/\1/p'
}

# Sets JAVA (the java command) and JAVA_HOME to a JDK 17 or newer.
need_jdk() {
  local candidate
  for candidate in ${JAVA_HOME:+"$JAVA_HOME"} \
    "$(dirname "$(dirname "$(readlink -f "$(command -v javac || echo /nowhere/bin/javac)")")")" \
    /usr/lib/jvm/*; do
    if [ -x "$candidate/bin/javac" ] && [ -x "$candidate/bin/java" ] &&
      [ "$(java_major "$candidate/bin/java")" -ge 17 ] 2>/dev/null; then
      JAVA_HOME=$candidate
      export JAVA_HOME
      JAVA=$candidate/bin/java
      return 0
    fi
  done
  if install default-jdk-headless && [ "${1:-}" != installed ]; then
    need_jdk installed
    return
  fi
  die "No JDK 17 or newer was found. On Debian or Ubuntu: sudo apt-get install default-jdk-headless; elsewhere install one and set JAVA_HOME."
}

need_maven() {
  command -v mvn >/dev/null 2>&1 && return 0
  install maven && return 0
  die "Maven (mvn, 3.8.7 or newer) was not found. On Debian or Ubuntu: sudo apt-get install maven"
}
