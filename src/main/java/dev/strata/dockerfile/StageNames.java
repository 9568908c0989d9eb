package dev.strata.dockerfile;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds stages by name or number, however many there are. */
final class StageNames {
    private final List<Stage> stages;
    private final Map<String, TreeSet<Integer>> byName = new HashMap<>();

    StageNames(List<Stage> stages) {
        this.stages = stages;
        for (Stage stage : stages) {
            if (stage.name() != null) {
                byName.computeIfAbsent(stage.name(), ignored -> new TreeSet<>()).add(stage.index());
            }
        }
    }

    /** The stage that this one is built on: the last above it of that name. Null where its base is an image. */
    @Nullable
    Stage base(Stage stage, String base) {
        TreeSet<Integer> found = byName.get(base);
        Integer index = found == null ? null : found.lower(stage.index());
        return index == null ? null : stages.get(index);
    }

    /** What {@code --from} and {@code --target} mean; null where it is no stage. */
    @Nullable
    Stage byNameOrNumber(String name) {
        if (name.matches("[0-9]{1,9}")) {
            int index = Integer.parseInt(name);
            return index < stages.size() ? stages.get(index) : null;
        }
        TreeSet<Integer> found = byName.get(name.toLowerCase(Locale.ROOT));
        return found == null ? null : stages.get(found.last());
    }
}
