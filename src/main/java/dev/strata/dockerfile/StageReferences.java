package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which stages a stage takes something from. */
final class StageReferences {
    private StageReferences() {}

    /** The base if it is an earlier stage, then those of COPY --from and of RUN --mount=from=, in the file's order. */
    static List<Stage> of(Dockerfile file, Stage stage, GlobalScope scope) {
        List<Stage> found = new ArrayList<>();
        try {
            Stage base = file.stage(scope.expand(stage.base()).text());
            if (base != null && base.index() < stage.index()) {
                found.add(base);
            }
        } catch (ExpansionException e) {
            // The base cannot be a stage; Checks.base reports it.
        }
        for (Instruction instruction : stage.instructions()) {
            for (String from : sources(instruction)) {
                Stage source = byNameOrNumber(file, from);
                if (source != null) {
                    found.add(source);
                }
            }
        }
        return found;
    }

    private static List<String> sources(Instruction instruction) {
        return switch (instruction) {
            case Instruction.Copy copy when copy.from() != null -> List.of(copy.from());
            case Instruction.Run run ->
                run.mounts().stream()
                        .map(RunMount::from)
                        .filter(from -> !from.isEmpty())
                        .toList();
            default -> List.of();
        };
    }

    static @Nullable Stage byNameOrNumber(Dockerfile file, String name) {
        if (name.matches("[0-9]{1,9}")) {
            int index = Integer.parseInt(name);
            return index < file.stages().size() ? file.stages().get(index) : null;
        }
        return file.stage(name);
    }
}
