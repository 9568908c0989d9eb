package dev.strata.dockerfile;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Warns of what is legal and yet slow, unsafe or not what was meant. */
public final class Lint {
    private static final String OVERRIDE = "BUILDKIT_DOCKERFILE_CHECK";

    private Lint() {}

    /** All findings in the file's order; those that the file itself switched off are not among them. */
    public static List<Finding> check(Dockerfile file, LintOptions options) {
        Findings findings = new Findings(checkOf(file, options));
        GlobalScope scope = GlobalScope.lenient(file, options);
        StageReferences references = new StageReferences(file, scope);
        List<Stage> stages = options.neededOnly() ? references.needed(options.target()) : file.stages();
        new ContinuationRule(findings).check(file);
        new CasingRules(file, findings).check();
        new FromRules(file, options, scope, references, findings).check();
        StageRules stageRules = new StageRules(options, scope, references, findings);
        stages.forEach(stageRules::check);
        new RunRules(options, references, findings).check(stages);
        return findings.sorted();
    }

    /**
     * What only a build can find: the base of a stage is not made for the platform that is built.
     *
     * @param line where the stage's FROM begins
     * @param made the platform that it is made for
     * @param wanted the platform that the stage is built for
     * @return one finding, or none where no stage begins there or the file switched the rule off
     */
    public static List<Finding> foreignBase(
            Dockerfile file, LintOptions options, int line, String made, String wanted) {
        Findings findings = new Findings(checkOf(file, options));
        for (Stage stage : file.stages()) {
            if (stage.location().startLine() == line) {
                findings.add(
                        LintRule.INVALID_BASE_IMAGE_PLATFORM,
                        stage.source(),
                        "the base image " + stage.base() + " is made for " + made + ", and the stage is built for "
                                + wanted + "; name an image that has it");
            }
        }
        return findings.sorted();
    }

    /**
     * Those findings that fail the build, because the file or a build argument asks for it ({@code error=true}). That is
     * BuildKit's word and speaks of its rules: what only Strata finds stays a warning, so that a file that BuildKit builds
     * is built here, too.
     */
    public static List<Finding> failing(Dockerfile file, LintOptions options, List<Finding> findings) {
        Directives.Check check = checkOf(file, options);
        return check == null || !check.error()
                ? List.of()
                : findings.stream()
                        .filter(finding -> finding.rule().origin() == LintRule.Origin.BUILDKIT)
                        .toList();
    }

    private static Directives.@Nullable Check checkOf(Dockerfile file, LintOptions options) {
        String override = options.buildArgs().get(OVERRIDE);
        return override == null ? file.directives().check() : Directives.Check.parse(override, new Location(1, 1));
    }
}
