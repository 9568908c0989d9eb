package dev.strata.dockerfile;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which stages a stage takes something from. */
final class StageReferences {
    private final Dockerfile file;
    private final GlobalScope scope;
    private final StageNames names;
    private final List<String> named;

    StageReferences(Dockerfile file, GlobalScope scope) {
        this.file = file;
        this.scope = scope;
        this.names = new StageNames(file.stages());
        this.named =
                file.stages().stream().map(Stage::name).filter(Objects::nonNull).toList();
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

    /**
     * A stage that an instruction takes something from.
     *
     * @param written the name or number in the instruction
     */
    record Use(Stage stage, Instruction instruction, String written) {}

    /** Those of COPY --from and of RUN --mount=from=, in the file's order. */
    List<Use> uses(Stage stage) {
        List<Use> found = new ArrayList<>();
        for (Instruction instruction : stage.instructions()) {
            for (String from : sources(instruction)) {
                Stage source = named(from);
                if (source != null) {
                    found.add(new Use(source, instruction, from));
                }
            }
        }
        return found;
    }

    /** The base if it is a stage, and all that instructions take something from. */
    private List<Stage> of(Stage stage) {
        List<Stage> found = new ArrayList<>();
        Stage base = base(stage);
        if (base != null) {
            found.add(base);
        }
        uses(stage).forEach(use -> found.add(use.stage()));
        return found;
    }

    /** The names that stages have. */
    List<String> names() {
        return named;
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
