package dev.strata.dockerfile;

import dev.strata.dockerfile.ShellScript.Call;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What the commands of RUN do to the image and to the cache. */
final class RunRules {
    private static final Set<String> SHELLS =
            Set.of("sh", "bash", "ash", "dash", "zsh", "python", "python3", "perl", "ruby", "node");
    private static final Pattern CURL_INSECURE = Pattern.compile("-[A-Za-z]*k[A-Za-z]*|--insecure");
    private static final Pattern DOWNLOAD_IN_WORD = Pattern.compile("[$<]\\(\\s*(?:curl|wget)\\b.*", Pattern.DOTALL);
    private static final Pattern RECURSIVE = Pattern.compile("-[A-Za-z]*R[A-Za-z]*|--recursive");

    private final LintOptions options;
    private final StageReferences references;
    private final Findings findings;

    RunRules(LintOptions options, StageReferences references, Findings findings) {
        this.options = options;
        this.references = references;
        this.findings = findings;
    }

    void check(List<Stage> stages) {
        List<Stage> image = image();
        boolean pipKeepsNone =
                image.stream().flatMap(stage -> stage.instructions().stream()).anyMatch(RunRules::setsPipNoCache);
        Set<Integer> indexes = image.stream().map(Stage::index).collect(Collectors.toSet());
        for (Stage stage : stages) {
            boolean inImage = indexes.contains(stage.index());
            List<ReadRun> runs = stage.instructions().stream()
                    .filter(Instruction.Run.class::isInstance)
                    .map(Instruction.Run.class::cast)
                    .map(run -> new ReadRun(run, ShellScript.of(run)))
                    .toList();
            for (ReadRun run : runs) {
                downloads(run);
                if (inImage) {
                    caches(run, pipKeepsNone);
                }
            }
            index(runs);
            copies(stage, runs, inImage);
        }
    }

    private record ReadRun(Instruction.Run run, ShellScript script) {
        Source source() {
            return run.source();
        }
    }

    /** The target and what it is built on: only their layers are in the image. */
    private List<Stage> image() {
        List<Stage> chain = new ArrayList<>();
        @Nullable Stage stage = references.target(options.target());
        while (stage != null) {
            chain.add(stage);
            stage = references.base(stage);
        }
        return chain;
    }

    private static boolean setsPipNoCache(Instruction instruction) {
        String name = "PIP_NO_CACHE_DIR";
        return switch (instruction) {
            case Instruction.Env env ->
                env.pairs().stream().anyMatch(pair -> pair.name().equals(name));
            case Instruction.Arg arg ->
                arg.arguments().stream().anyMatch(one -> one.name().equals(name));
            default -> false;
        };
    }

    private void caches(ReadRun run, boolean pipKeepsNone) {
        List<String> mounted = new ArrayList<>();
        for (String mount : run.run().mounts()) {
            try {
                String target = RunMount.parse(mount, value -> value).target();
                if (target != null) {
                    mounted.add(target);
                }
            } catch (IllegalArgumentException e) {
                return; // the build says what is wrong with the mount
            }
        }
        String left = PackageManagers.cacheLeft(run.script(), mounted, pipKeepsNone);
        if (left != null) {
            findings.add(LintRule.PACKAGE_CACHE_LEFT, run.source(), left);
        }
    }

    private void index(List<ReadRun> runs) {
        boolean installsLater = false;
        for (ReadRun run : runs.reversed()) {
            List<Call> calls = run.script().calls();
            if (installsLater && onlyUpdates(calls)) {
                findings.add(
                        LintRule.PACKAGE_INDEX_SEPARATE,
                        run.source(),
                        "Join this update with the install that needs it in one RUN;"
                                + " else the index comes from the cache when packages are long gone");
            }
            installsLater |= calls.stream().anyMatch(PackageManagers::installsWithApt);
        }
    }

    private static boolean onlyUpdates(List<Call> calls) {
        return calls.stream().anyMatch(PackageManagers::updatesApt)
                && calls.stream()
                        .allMatch(call -> PackageManagers.updatesApt(call)
                                || call.program().equals("set")
                                || call.program().equals("echo"));
    }

    private void downloads(ReadRun run) {
        Set<String> found = new HashSet<>();
        for (List<Call> pipeline : run.script().pipelines()) {
            boolean piped =
                    isDownload(pipeline.getFirst()) && pipeline.stream().skip(1).anyMatch(call -> runsInput(call));
            boolean inWord = pipeline.stream()
                    .anyMatch(call -> SHELLS.contains(call.program())
                            && call.arguments().stream()
                                    .anyMatch(word ->
                                            DOWNLOAD_IN_WORD.matcher(word).matches()));
            if (piped || inWord) {
                found.add("A download is run as it comes; save it, check its checksum, then run it");
            }
            if (pipeline.stream().anyMatch(RunRules::isInsecure)) {
                found.add("The server's certificate is not checked, so anybody may answer in its place");
            }
        }
        found.stream().sorted().forEach(detail -> findings.add(LintRule.DOWNLOAD_NOT_VERIFIED, run.source(), detail));
    }

    private static boolean isDownload(Call call) {
        return call.program().equals("curl") || call.program().equals("wget");
    }

    /** A shell that is given a script or a command of its own reads its input as data. */
    private static boolean runsInput(Call call) {
        if (!SHELLS.contains(call.program())) {
            return false;
        }
        boolean onlyOptions = call.arguments().stream().allMatch(word -> word.startsWith("-"));
        return call.has("-s") || (onlyOptions && !call.has("-c", "-e", "-m", "--version"));
    }

    private static boolean isInsecure(Call call) {
        return switch (call.program()) {
            case "curl" ->
                call.arguments().stream()
                        .anyMatch(word -> CURL_INSECURE.matcher(word).matches());
            case "wget" -> call.has("--no-check-certificate");
            case "git" ->
                call.arguments().stream().anyMatch(word -> word.equalsIgnoreCase("http.sslVerify=false"))
                        || (call.has("http.sslVerify", "http.sslverify") && call.has("false", "0"));
            case "npm", "yarn" -> call.has("strict-ssl") && call.has("false");
            default -> false;
        };
    }

    private void copies(Stage stage, List<ReadRun> runs, boolean inImage) {
        Iterator<ReadRun> next = runs.iterator();
        @Nullable Source everything = null;
        Set<String> destinations = new HashSet<>();
        boolean reported = false;
        for (Instruction instruction : stage.instructions()) {
            if (instruction instanceof Instruction.Copy copy) {
                destinations.add(folder(copy.destination()));
                if (copy.from() == null && copy.sources().stream().anyMatch(RunRules::isWholeContext)) {
                    everything = everything == null ? copy.source() : everything;
                }
            } else if (instruction instanceof Instruction.Run) {
                ReadRun run = next.next();
                if (inImage) {
                    owner(run, destinations);
                }
                if (everything != null && !reported) {
                    reported = early(run, everything);
                }
            }
        }
    }

    private static boolean isWholeContext(String source) {
        return source.equals(".") || source.equals("./") || source.equals("/");
    }

    private static String folder(String path) {
        String clean = SlashPath.clean(path.replace("\"", ""));
        return clean.endsWith("/*") ? clean.substring(0, clean.length() - 2) : clean;
    }

    private boolean early(ReadRun run, Source everything) {
        String copied = "line " + everything.location().startLine();
        if (PackageManagers.needsNoContext(run.script())) {
            findings.add(
                    LintRule.CONTEXT_COPIED_TOO_EARLY,
                    run.source(),
                    "These packages are installed anew whenever a file of the context changes; move this RUN above "
                            + copied);
            return true;
        }
        String manifest = PackageManagers.manifest(run.script());
        if (manifest != null && run.run().mounts().stream().noneMatch(mount -> mount.contains("type=cache"))) {
            findings.add(
                    LintRule.CONTEXT_COPIED_TOO_EARLY,
                    run.source(),
                    "Dependencies are installed anew whenever a file of the context changes; copy " + manifest
                            + " first, install, and copy the rest (" + copied + ") after that");
            return true;
        }
        return false;
    }

    private void owner(ReadRun run, Set<String> destinations) {
        List<Call> calls = run.script().calls();
        boolean onlyThat = !calls.isEmpty()
                && calls.stream()
                        .allMatch(call ->
                                call.program().equals("chown") || call.program().equals("chmod"));
        if (!onlyThat) {
            return;
        }
        boolean copied = calls.stream()
                .filter(call -> call.arguments().stream()
                        .anyMatch(word -> RECURSIVE.matcher(word).matches()))
                .flatMap(call -> call.arguments().stream())
                .map(RunRules::folder)
                .anyMatch(destinations::contains);
        if (copied) {
            String flag = calls.getFirst().program().equals("chown") ? "--chown" : "--chmod";
            findings.add(
                    LintRule.CHANGE_OF_OWNER_AFTER_COPY,
                    run.source(),
                    "This stores the copied files a second time; use " + flag + " at the COPY instead");
        }
    }
}
