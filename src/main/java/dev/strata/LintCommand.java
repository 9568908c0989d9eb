package dev.strata;

import dev.strata.dockerfile.Dockerfile;
import dev.strata.dockerfile.DockerfileException;
import dev.strata.dockerfile.Finding;
import dev.strata.dockerfile.IgnoreFile;
import dev.strata.dockerfile.Lint;
import dev.strata.dockerfile.LintOptions;
import dev.strata.dockerfile.LintRule;
import dev.strata.dockerfile.LintRule.Severity;
import dev.strata.dockerfile.Location;
import dev.strata.dockerfile.SyntaxError;
import dev.strata.image.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code strata lint}: reads Dockerfiles and warns of what is legal and yet slow, unsafe or not what was meant. */
@Command(
        name = "lint",
        mixinStandardHelpOptions = true,
        description = "Checks Dockerfiles without building them.",
        footer = {
            "",
            "Exit code 1: a file cannot be read or built, a finding is an error, the file asks for error=true, or --strict"
                    + " and there is a finding. docs/lint.md explains the rules."
        })
final class LintCommand implements Callable<Integer> {
    /** How findings are printed. */
    enum Format {
        TEXT,
        JSON,
        SARIF
    }

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE",
            description = "Dockerfile, may be repeated; default: Dockerfile in the context.")
    private List<Path> files = new ArrayList<>();

    @Mixin
    private StageChoice stage = new StageChoice();

    @Option(
            names = "--build-context",
            paramLabel = "NAME[=VALUE]",
            description = "Name of a context that is given with the build, and so is no image; may be repeated.")
    private List<String> contexts = new ArrayList<>();

    @Option(names = "--format", paramLabel = "FORMAT", description = "text, json or sarif; default: text.")
    private Format format = Format.TEXT;

    @Option(names = "--strict", description = "Fail on every finding.")
    private boolean strict;

    @Parameters(
            arity = "0..1",
            paramLabel = "CONTEXT",
            description = "Folder of the build context, for its ignore file; default: the current one.")
    private Path context = Path.of(".");

    /**
     * What is said of one file.
     *
     * @param fails whether it is enough for exit code 1
     */
    private record Report(
            String file, List<SyntaxError> errors, List<Finding> findings, Excerpts excerpts, boolean fails) {}

    private interface Excerpts {
        String of(Location location, @Nullable SyntaxError error);
    }

    @Override
    public Integer call() {
        CommandSpec command = Objects.requireNonNull(spec);
        Map<String, String> arguments = stage.values(command);
        List<Report> reports = new ArrayList<>();
        for (Path file : files.isEmpty() ? List.of(context.resolve("Dockerfile")) : files) {
            try {
                reports.add(report(file, arguments));
            } catch (IOException e) {
                command.commandLine()
                        .getErr()
                        .println(file + " cannot be read: " + e.getMessage() + ". Name the Dockerfile with -f.");
                return Main.FAILED;
            }
        }
        PrintWriter out = command.commandLine().getOut();
        switch (format) {
            case TEXT -> reports.forEach(report -> text(report, out));
            case JSON ->
                out.println(Json.text(
                        Map.of("files", reports.stream().map(LintCommand::json).toList())));
            case SARIF -> out.println(Json.text(sarif(reports)));
        }
        out.flush();
        return reports.stream().anyMatch(Report::fails) ? Main.FAILED : Main.OK;
    }

    private Report report(Path path, Map<String, String> arguments) throws IOException {
        String name = path.normalize().toString();
        Dockerfile file;
        IgnoreFile ignoreFile;
        try {
            file = Dockerfile.parse(name, Files.readAllBytes(path));
            ignoreFile = ignoreFile(path);
        } catch (DockerfileException e) {
            Excerpts excerpts = (location, error) -> error == null ? "" : e.excerpt(error);
            return new Report(e.file(), e.errors(), List.of(), excerpts, true);
        }
        LintOptions options = LintOptions.DEFAULT
                .withBuildArgs(arguments)
                .withTarget(stage.target(), stage.target() != null)
                .withContexts(contextNames()::contains)
                .withIgnoreFile(ignoreFile);
        List<SyntaxError> errors = file.check(options);
        List<Finding> findings = Lint.check(file, options);
        boolean fails = !errors.isEmpty()
                || findings.stream().anyMatch(finding -> finding.rule().severity() == Severity.ERROR)
                || (strict && !findings.isEmpty())
                || !Lint.failing(file, options, findings).isEmpty();
        Excerpts excerpts =
                (location, error) -> error == null ? file.excerpt(location) : file.excerpt(location, error.marked());
        return new Report(name, errors, findings, excerpts, fails);
    }

    private Set<String> contextNames() {
        return contexts.stream().map(context -> context.split("=", 2)[0]).collect(Collectors.toSet());
    }

    /** The ignore file of this Dockerfile alone goes before that of the context. */
    private IgnoreFile ignoreFile(Path dockerfile) throws IOException {
        Path own = dockerfile.resolveSibling(dockerfile.getFileName() + ".dockerignore");
        Path found = Files.exists(own) ? own : context.resolve(".dockerignore");
        return Files.exists(found)
                ? IgnoreFile.parse(found.normalize().toString(), Files.readString(found))
                : IgnoreFile.NONE;
    }

    private static String word(Severity severity) {
        return severity.name().toLowerCase(Locale.ROOT);
    }

    private static void text(Report report, PrintWriter out) {
        for (SyntaxError error : report.errors()) {
            out.println(report.file() + ":" + error.location().startLine() + ": error: " + error.sentence());
            out.println(report.excerpts().of(error.location(), error));
        }
        for (Finding finding : report.findings()) {
            out.println(report.file() + ":" + finding.location().startLine() + ": "
                    + word(finding.rule().severity()) + ": " + finding.detail() + " ["
                    + finding.rule().ruleName() + "]");
            out.println(report.excerpts().of(finding.location(), null));
        }
        out.println(report.file() + ": " + summary(report));
    }

    private static String summary(Report report) {
        List<String> parts = new ArrayList<>();
        for (Severity severity : Severity.values()) {
            long count = report.findings().stream()
                            .filter(finding -> finding.rule().severity() == severity)
                            .count()
                    + (severity == Severity.ERROR ? report.errors().size() : 0);
            if (count > 0) {
                parts.add(count + " " + word(severity) + (count == 1 ? "" : "s"));
            }
        }
        return parts.isEmpty() ? "nothing to say" : String.join(", ", parts);
    }

    private static Map<String, Object> json(Report report) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("file", report.file());
        all.put(
                "errors",
                report.errors().stream()
                        .map(error -> place(error.location(), Map.of("message", error.sentence())))
                        .toList());
        all.put(
                "findings",
                report.findings().stream()
                        .map(finding -> place(
                                finding.location(),
                                Map.of(
                                        "rule", finding.rule().ruleName(),
                                        "severity", word(finding.rule().severity()),
                                        "detail", finding.detail(),
                                        "page", finding.rule().page())))
                        .toList());
        return all;
    }

    private static Map<String, Object> place(Location location, Map<String, Object> rest) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("startLine", location.startLine());
        all.put("endLine", location.endLine());
        rest.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(entry -> all.put(entry.getKey(), entry.getValue()));
        return all;
    }

    /** SARIF 2.1.0, as code hosts read it. */
    private static Map<String, Object> sarif(List<Report> reports) {
        List<Map<String, Object>> rules = new ArrayList<>();
        rules.add(Map.of("id", "SyntaxError", "shortDescription", Map.of("text", "The file cannot be built.")));
        for (LintRule rule : LintRule.values()) {
            rules.add(Map.of(
                    "id", rule.ruleName(),
                    "shortDescription", Map.of("text", rule.sentence()),
                    "help", Map.of("text", "See " + rule.page()),
                    "defaultConfiguration", Map.of("level", word(rule.severity()))));
        }
        List<Map<String, Object>> results = reports.stream()
                .flatMap(report -> Stream.concat(
                        report.errors().stream()
                                .map(error -> result(
                                        report.file(), error.location(), "SyntaxError", "error", error.sentence())),
                        report.findings().stream()
                                .map(finding -> result(
                                        report.file(),
                                        finding.location(),
                                        finding.rule().ruleName(),
                                        word(finding.rule().severity()),
                                        finding.detail()))))
                .toList();
        Map<String, Object> tool = Map.of(
                "driver", Map.of("name", "strata", "version", new Main.Version().getVersion()[0], "rules", rules));
        return Map.of(
                "$schema",
                "https://json.schemastore.org/sarif-2.1.0.json",
                "version",
                "2.1.0",
                "runs",
                List.of(Map.of("tool", tool, "results", results)));
    }

    /** Relative where the file's name is; code hosts take it from the repository's root. */
    private static String uri(String file) {
        try {
            return file.startsWith("/")
                    ? new URI("file", "", file, null).toString()
                    : new URI(null, null, "/" + file, null).getRawPath().substring(1);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("a path is always part of a URI", e);
        }
    }

    private static Map<String, Object> result(String file, Location place, String rule, String level, String text) {
        Map<String, Object> region = Map.of("startLine", place.startLine(), "endLine", place.endLine());
        Map<String, Object> artifact = Map.of("uri", uri(file));
        return Map.of(
                "ruleId",
                rule,
                "level",
                level,
                "message",
                Map.of("text", text),
                "locations",
                List.of(Map.of("physicalLocation", Map.of("artifactLocation", artifact, "region", region))));
    }
}
