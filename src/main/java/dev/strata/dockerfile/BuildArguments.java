package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** Values given for ARG from outside, against what the file declares. */
public final class BuildArguments {
    /** Taken without an ARG. Source: Dockerfile reference, predefined ARGs. */
    private static final Set<String> PREDEFINED =
            Set.of("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY", "SOURCE_DATE_EPOCH");

    private static final String OF_THE_BUILDER = "BUILDKIT_";

    private BuildArguments() {}

    /** A sentence for each name that no ARG of the file declares, in the order given. */
    public static List<String> unused(Dockerfile file, Iterable<String> given) {
        Set<String> declared = new TreeSet<>();
        file.globalArgs().forEach(arg -> names(arg, declared));
        for (Stage stage : file.stages()) {
            for (Instruction instruction : stage.instructions()) {
                if (instruction instanceof Instruction.Arg arg) {
                    names(arg, declared);
                }
            }
        }
        List<String> unused = new ArrayList<>();
        for (String name : given) {
            if (!declared.contains(name) && !isPredefined(name)) {
                String meant = Suggestion.closest(name, declared);
                unused.add("the build argument " + name + " is declared by no ARG of the file"
                        + (meant == null ? "" : " (did you mean " + meant + "?)"));
            }
        }
        return unused;
    }

    private static void names(Instruction.Arg arg, Set<String> names) {
        arg.arguments().forEach(argument -> names.add(argument.name()));
    }

    private static boolean isPredefined(String name) {
        return name.startsWith(OF_THE_BUILDER)
                || PREDEFINED.contains(name.toUpperCase(Locale.ROOT))
                || GlobalScope.PLATFORM_ARGS.contains(name);
    }
}
