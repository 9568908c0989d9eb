package dev.strata.dockerfile;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which stages a stage takes something from. */
final class StageReferences {
    private final Dockerfile file;
    private final GlobalScope scope;
    private final StageNames names;

    StageReferences(Dockerfile file, GlobalScope scope) {
        this.file = file;
        this.scope = scope;
        this.names = new StageNames(file.stages());
    }

    /** The stage that this one is built on; null where its base is an image, or cannot be told. */
    @Nullable
    Stage base(Stage stage) {
        try {
            return names.base(stage, scope.expand(stage.base()).text());
        } catch (ExpansionException e) {
            return null; // Checks reports it: the file cannot be built.
        }
    }

    /** What {@code --from} and {@code --target} mean; null where it is no stage. */
    @Nullable
    Stage named(String nameOrNumber) {
        return names.byNameOrNumber(nameOrNumber);
    }

    /** The base if it is a stage, then those of COPY --from and of RUN --mount=from=, in the file's order. */
    List<Stage> of(Stage stage) {
        List<Stage> found = new ArrayList<>();
        Stage base = base(stage);
        if (base != null) {
            found.add(base);
        }
        for (Instruction instruction : stage.instructions()) {
            for (String from : sources(instruction)) {
                Stage source = named(from);
                if (source != null) {
                    found.add(source);
                }
            }
        }
        return found;
    }

    /** The target and all stages that it takes something from, in the file's order. */
    List<Stage> needed(@Nullable String target) {
        Deque<Stage> open = new ArrayDeque<>(List.of(target(target)));
        Set<Integer> seen = new TreeSet<>();
        while (!open.isEmpty()) {
            Stage stage = open.removeLast();
            if (seen.add(stage.index())) {
                open.addAll(of(stage));
            }
        }
        return seen.stream().map(file.stages()::get).toList();
    }

    /** The stage that is built; the last where the target is not named or not there. */
    Stage target(@Nullable String target) {
        Stage named = target == null ? null : named(target);
        return named == null ? file.stages().getLast() : named;
    }

    /** What an instruction names as the place that it takes files from. */
    static List<String> sources(Instruction instruction) {
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
}
