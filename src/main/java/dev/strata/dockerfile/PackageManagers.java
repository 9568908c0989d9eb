package dev.strata.dockerfile;

import dev.strata.dockerfile.ShellScript.Call;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What package managers do, told by how they are called. */
final class PackageManagers {
    private static final Set<String> RPM = Set.of("dnf", "yum", "microdnf", "tdnf");
    private static final Set<String> HARMLESS = Set.of(
            "set",
            "echo",
            "rm",
            "mkdir",
            "true",
            ":",
            "apt-mark",
            "addgroup",
            "adduser",
            "groupadd",
            "useradd",
            "update-ca-certificates",
            "ln");

    private PackageManagers() {}

    /** A cache that a script leaves behind, with what to do about it; null where it leaves none. */
    static @Nullable String cacheLeft(ShellScript script, List<String> mounted, boolean pipKeepsNone) {
        List<Call> calls = script.calls();
        if (calls.stream().anyMatch(PackageManagers::updatesApt)
                && !removes(calls, mounted, "/var/lib/apt")
                && calls.stream().noneMatch(call -> isApt(call) && call.has("dist-clean", "distclean"))) {
            return "The index of apt stays in the layer; end the RUN with rm -rf /var/lib/apt/lists/*,"
                    + " or mount a cache at /var/lib/apt";
        }
        boolean apk =
                calls.stream().anyMatch(call -> call.is("apk", "add", "update", "upgrade") && !call.has("--no-cache"));
        if (apk && !removes(calls, mounted, "/var/cache/apk") && !removes(calls, mounted, "/etc/apk/cache")) {
            return "The index of apk stays in the layer; use apk add --no-cache";
        }
        boolean rpm = calls.stream().anyMatch(call -> isRpm(call) && call.has("install", "update", "upgrade"));
        if (rpm
                && calls.stream().noneMatch(call -> isRpm(call) && call.has("clean"))
                && !removes(calls, mounted, "/var/cache")) {
            return "The cache of the package manager stays in the layer; end the RUN with dnf clean all,"
                    + " or mount a cache at /var/cache";
        }
        boolean pip =
                !pipKeepsNone && calls.stream().anyMatch(call -> installsWithPip(call) && !call.has("--no-cache-dir"));
        if (pip && !removes(calls, mounted, "/root/.cache") && !removes(calls, mounted, "~/.cache")) {
            return "The cache of pip stays in the layer; use pip install --no-cache-dir,"
                    + " or mount a cache at /root/.cache/pip";
        }
        return null;
    }

    private static boolean removes(List<Call> calls, List<String> mounted, String folder) {
        return mounted.stream().anyMatch(target -> target.startsWith(folder) || folder.startsWith(target + "/"))
                || calls.stream()
                        .anyMatch(call ->
                                (call.program().equals("rm") || call.program().equals("find"))
                                        && call.arguments().stream().anyMatch(word -> word.startsWith(folder)));
    }

    static boolean updatesApt(Call call) {
        return isApt(call) && call.verb().equals("update");
    }

    static boolean installsWithApt(Call call) {
        return isApt(call) && call.has("install", "build-dep", "upgrade", "dist-upgrade", "full-upgrade", "satisfy");
    }

    private static boolean isApt(Call call) {
        return call.program().equals("apt-get") || call.program().equals("apt");
    }

    private static boolean isRpm(Call call) {
        return RPM.contains(call.program());
    }

    private static boolean installsWithPip(Call call) {
        boolean pip = call.program().matches("pip[0-9.]*")
                || (call.program().matches("python[0-9.]*") && call.has("-m") && call.has("pip"));
        return pip && call.has("install");
    }

    /** Whether the script only installs packages of the system, all of them by name: it needs no file of the context. */
    static boolean needsNoContext(ShellScript script) {
        List<Call> calls = script.calls();
        boolean installs = calls.stream()
                .anyMatch(
                        call -> installsWithApt(call) || call.is("apk", "add") || (isRpm(call) && call.has("install")));
        return installs && calls.stream().allMatch(PackageManagers::isOfSystem);
    }

    private static boolean isOfSystem(Call call) {
        boolean manager = isApt(call) || call.program().equals("apk") || isRpm(call);
        boolean names = call.arguments().stream().noneMatch(word -> word.startsWith("./") || word.contains("$("));
        return (manager
                        && names
                        && call.arguments().stream().noneMatch(word -> word.startsWith("/") && !word.equals("/")))
                || HARMLESS.contains(call.program());
    }

    /** The list of dependencies that a script installs and nothing else; null where it is something else. */
    static @Nullable String manifest(ShellScript script) {
        List<Call> calls = script.calls().stream()
                .filter(call -> !HARMLESS.contains(call.program()))
                .toList();
        return calls.size() == 1 ? manifest(calls.getFirst()) : null;
    }

    private static @Nullable String manifest(Call call) {
        List<String> bare =
                call.arguments().stream().filter(word -> !word.startsWith("-")).toList();
        return switch (call.program()) {
            case "npm" -> bare.equals(List.of("ci")) || bare.equals(List.of("install")) ? "package*.json" : null;
            case "yarn" -> bare.isEmpty() || bare.equals(List.of("install")) ? "package.json and yarn.lock" : null;
            case "pnpm" -> bare.equals(List.of("install")) ? "package.json and pnpm-lock.yaml" : null;
            case "go" -> bare.equals(List.of("mod", "download")) ? "go.mod and go.sum" : null;
            case "bundle" -> bare.equals(List.of("install")) ? "Gemfile and Gemfile.lock" : null;
            case "cargo" -> bare.equals(List.of("fetch")) ? "Cargo.toml and Cargo.lock" : null;
            default ->
                installsWithPip(call)
                                && call.has("-r", "--requirement")
                                && bare.stream().noneMatch("."::equals)
                        ? "the requirements file"
                        : null;
        };
    }
}
