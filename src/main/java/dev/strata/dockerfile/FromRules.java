package dev.strata.dockerfile;

import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What FROM says: bases, platforms and names of stages. */
final class FromRules {
    private static final Set<String> RESERVED = Set.of("scratch", "context");
    private static final Set<String> SYSTEMS = Set.of("linux", "windows", "darwin", "freebsd", "wasi");

    private final Dockerfile file;
    private final LintOptions options;
    private final GlobalScope scope;
    private final StageReferences references;
    private final Findings findings;

    FromRules(Dockerfile file, LintOptions options, GlobalScope scope, StageReferences references, Findings findings) {
        this.file = file;
        this.options = options;
        this.scope = scope;
        this.references = references;
        this.findings = findings;
    }

    void check() {
        GlobalScope defaults = GlobalScope.lenient(file, options.withBuildArgs(Map.of()));
        Set<String> names = new HashSet<>();
        for (Instruction.Arg arg : file.globalArgs()) {
            DescriptionRule.check(arg, findings);
            SecretValue.check(arg, findings);
        }
        for (Stage stage : file.stages()) {
            name(stage, names);
            DescriptionRule.check(stage, findings);
            defaultBase(stage, defaults);
            Expansion.Expanded base = expand(stage, stage.base());
            if (base != null) {
                pinned(stage, base.text());
            }
            if (stage.platform() != null) {
                platform(stage, stage.platform());
            }
        }
    }

    private void name(Stage stage, Set<String> names) {
        String name = stage.name();
        if (name == null) {
            return;
        }
        if (RESERVED.contains(name)) {
            findings.add(
                    LintRule.RESERVED_STAGE_NAME, stage.source(), "The name " + name + " is taken; choose another");
        }
        if (!names.add(name)) {
            findings.add(
                    LintRule.DUPLICATE_STAGE_NAME,
                    stage.source(),
                    "The name " + name + " is used by an earlier stage; choose another");
        }
    }

    private void defaultBase(Stage stage, GlobalScope defaults) {
        try {
            String base = defaults.expand(stage.base()).text();
            if (!ImageName.isValid(base) && !isGiven(stage, base)) {
                findings.add(
                        LintRule.INVALID_DEFAULT_ARG_IN_FROM,
                        stage.source(),
                        "With the defaults of ARG, " + stage.base()
                                + " is blank or no image name; give the ARG a default that works");
            }
        } catch (ExpansionException e) {
            // Checks reports it: the file cannot be built.
        }
    }

    private Expansion.@Nullable Expanded expand(Stage stage, String written) {
        try {
            Expansion.Expanded value = scope.expand(written);
            for (String name : value.unmatched()) {
                if (!scope.declared().contains(name)) {
                    String meant = Suggestion.closest(name, scope.declared());
                    findings.add(
                            LintRule.UNDEFINED_ARG_IN_FROM,
                            stage.source(),
                            "FROM uses " + name + ", which no ARG before the first FROM declares"
                                    + (meant == null ? "" : " (did you mean " + meant + "?)"));
                }
            }
            return value;
        } catch (ExpansionException e) {
            return null; // Checks reports it: the file cannot be built.
        }
    }

    private void platform(Stage stage, String written) {
        Expansion.Expanded value = expand(stage, written);
        if (value == null) {
            return;
        }
        if (value.matched().equals(Set.of("TARGETPLATFORM"))
                && value.unmatched().isEmpty()
                && value.text().equals(scope.values().get("TARGETPLATFORM"))) {
            findings.add(
                    LintRule.REDUNDANT_TARGET_PLATFORM,
                    stage.source(),
                    "--platform=" + written + " can be left out: it is what FROM does anyway");
        }
        if (value.matched().isEmpty() && value.unmatched().isEmpty() && isTiedTo(stage, value.text())) {
            findings.add(
                    LintRule.FROM_PLATFORM_FLAG_CONST_DISALLOWED,
                    stage.source(),
                    "--platform=" + written + " ties the stage to one platform; use $BUILDPLATFORM or $TARGETPLATFORM,"
                            + " or name the platform in the stage's name");
        }
    }

    /** A stage whose name has the system or the processor is meant for it. */
    private static boolean isTiedTo(Stage stage, String platform) {
        String[] parts = platform.toLowerCase(Locale.ROOT).split("/");
        if (parts.length > 3 || !platform.matches("[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")) {
            return false;
        }
        boolean onlyProcessor = parts.length == 1 && !SYSTEMS.contains(parts[0]);
        String system = onlyProcessor ? "linux" : parts[0];
        String processor = onlyProcessor ? parts[0] : parts.length > 1 ? parts[1] : "amd64";
        String normal = switch (processor) {
            case "x86_64", "x86-64" -> "amd64";
            case "aarch64" -> "arm64";
            case "armhf", "armel" -> "arm";
            default -> processor;
        };
        String name = stage.name() == null ? "" : stage.name();
        return !name.contains(system) && !name.contains(normal);
    }

    private static final Pattern LATEST = Pattern.compile("[^@]*:latest");

    /** A context stands for the base, or for the whole stage. */
    private boolean isGiven(Stage stage, String base) {
        return options.given().test(base)
                || (stage.name() != null && options.given().test(stage.name()));
    }

    private void pinned(Stage stage, String base) {
        boolean isImage = !base.equals("scratch")
                && !isGiven(stage, base)
                && references.base(stage) == null
                && ImageName.isValid(base);
        boolean written = !stage.base().contains("$");
        if (!isImage || !written || base.contains("@")) {
            return;
        }
        boolean tagged = base.lastIndexOf(':') > base.lastIndexOf('/');
        if (!tagged || LATEST.matcher(base).matches()) {
            findings.add(
                    LintRule.BASE_IMAGE_NOT_PINNED,
                    stage.source(),
                    base + (tagged ? " moves with every release" : " has no tag, which means latest")
                            + "; name a version, or a digest for the same bytes every time");
        }
    }
}
