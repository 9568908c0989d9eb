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
    private StageReferences() {}

    /** The base if it is an earlier stage, then those of COPY --from and of RUN --mount=from=, in the file's order. */
    static List<Stage> of(Dockerfile file, Stage stage, GlobalScope scope) {
        List<Stage> found = new ArrayList<>();
        try {
            Stage base = base(file, stage, scope.expand(stage.base()).text());
            if (base != null) {
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

    /** The target and all stages that it takes something from, in the file's order. */
    static List<Stage> needed(Dockerfile file, GlobalScope scope, @Nullable String target) {
        Stage last = target == null ? null : byNameOrNumber(file, target);
        Deque<Stage> open = new ArrayDeque<>();
        open.add(last == null ? file.stages().getLast() : last);
        Set<Integer> seen = new TreeSet<>();
        while (!open.isEmpty()) {
            Stage stage = open.removeLast();
            if (seen.add(stage.index())) {
                open.addAll(of(file, stage, scope));
            }
        }
        return seen.stream().map(file.stages()::get).toList();
    }

    /** The stage that this one is built on; null where its base is an image. */
    static @Nullable Stage base(Dockerfile file, Stage stage, String base) {
        for (int i = stage.index() - 1; i >= 0; i--) {
            if (base.equals(file.stages().get(i).name())) {
                return file.stages().get(i);
            }
        }
        return null;
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
