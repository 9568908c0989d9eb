#!/bin/bash
# maven.sh ARGUMENT...: mvn with a JDK 25, installed where it is missing
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
JAVA_HOME=$("$here/java.sh")
export JAVA_HOME
command -v mvn >/dev/null || "$here/packages.sh" maven
exec mvn -B -q -Dstyle.color=never -f "$here/../pom.xml" "$@"
