package dev.strata.dockerfile;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What the checks and rules may know beside the file.
 *
 * @param buildArgs values for ARG; {@code BUILDKIT_DOCKERFILE_CHECK} replaces the file's check directive
 * @param platform the target platform, such as {@code linux/amd64}
 * @param target the stage that is built; null: the last
 * @param neededOnly whether only stages that the target needs are looked at
 * @param ignoreFile what the build context leaves out
 * @param baseVariables the names of an image's variables, null where they are not known
 * @param given whether a name stands for a context that is given with the build, and so for no image of a registry
 */
public record LintOptions(
        Map<String, String> buildArgs,
        String platform,
        @Nullable String target,
        boolean neededOnly,
        IgnoreFile ignoreFile,
        Function<String, @Nullable Set<String>> baseVariables,
        Predicate<String> given) {

    /** Of these, the variables are known without a look: they have none but PATH. */
    private static final List<String> BARE = List.of("scratch", "alpine", "busybox", "debian", "ubuntu");

    /** All stages, no build arguments and no knowledge of bases but the plainest. */
    public static final LintOptions DEFAULT = new LintOptions(
            Map.of(), "linux/amd64", null, false, IgnoreFile.NONE, LintOptions::ofBareImage, name -> false);

    private static @Nullable Set<String> ofBareImage(String base) {
        String name = base.startsWith("docker.io/library/") ? base.substring("docker.io/library/".length()) : base;
        int end = 0;
        while (end < name.length() && ":@".indexOf(name.charAt(end)) < 0) {
            end++;
        }
        return BARE.contains(name.substring(0, end)) ? Set.of() : null;
    }

    public LintOptions withBuildArgs(Map<String, String> args) {
        return new LintOptions(args, platform, target, neededOnly, ignoreFile, baseVariables, given);
    }

    public LintOptions withTarget(@Nullable String stage, boolean only) {
        return new LintOptions(buildArgs, platform, stage, only, ignoreFile, baseVariables, given);
    }

    public LintOptions withIgnoreFile(IgnoreFile file) {
        return new LintOptions(buildArgs, platform, target, neededOnly, file, baseVariables, given);
    }

    public LintOptions withBaseVariables(Function<String, @Nullable Set<String>> variables) {
        return new LintOptions(buildArgs, platform, target, neededOnly, ignoreFile, variables, given);
    }

    public LintOptions withContexts(Predicate<String> names) {
        return new LintOptions(buildArgs, platform, target, neededOnly, ignoreFile, baseVariables, names);
    }
}
