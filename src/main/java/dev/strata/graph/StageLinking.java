package dev.strata.graph;

import dev.strata.dockerfile.Dockerfile;
import dev.strata.dockerfile.ExpansionException;
import dev.strata.dockerfile.GlobalScope;
import dev.strata.dockerfile.Instruction;
import dev.strata.dockerfile.Location;
import dev.strata.dockerfile.Stage;
import dev.strata.dockerfile.Suggestion;
import dev.strata.image.Image;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Finds what names of stages, contexts and images stand for, and makes the steps of the stages that are needed. */
final class StageLinking {
    private static final long MOST_KEPT = 64L << 20;

    private static final Reference SCRATCH = Reference.parse("scratch");

    private final Dockerfile file;
    private final Request request;
    private final Bases bases;
    private final GlobalScope scope;
    private final List<Step> steps = new ArrayList<>();
    private final Map<Integer, StageDispatch> stages = new LinkedHashMap<>();
    private final Map<String, Integer> sources = new HashMap<>();
    private long kept;

    StageLinking(Dockerfile file, Request request, Bases bases) {
        this.file = file;
        this.request = request;
        this.bases = bases;
        this.scope = GlobalScope.of(file, request.args(), platformArgs(request));
    }

    private static Map<String, String> platformArgs(Request request) {
        Map<String, String> values = new LinkedHashMap<>();
        platformArgs("BUILD", request.buildPlatform(), values);
        platformArgs("TARGET", request.platform(), values);
        values.put("TARGETSTAGE", request.target() == null ? "default" : request.target());
        return values;
    }

    private static void platformArgs(String prefix, Platform platform, Map<String, String> values) {
        values.put(prefix + "PLATFORM", platform.toString());
        values.put(prefix + "OS", platform.os());
        values.put(prefix + "OSVERSION", platform.osVersion() == null ? "" : platform.osVersion());
        values.put(prefix + "ARCH", platform.architecture());
        values.put(prefix + "VARIANT", platform.variant() == null ? "" : platform.variant());
    }

    BuildGraph graph() {
        StageDispatch target = stage(target());
        List<BuildGraph.Skipped> skipped = file.stages().stream()
                .filter(stage -> !stages.containsKey(stage.index()))
                .map(stage -> new BuildGraph.Skipped(
                        label(stage),
                        stage.location().startLine(),
                        stage.index() > target.stage().index()
                                ? "it comes after the target " + label(target.stage())
                                : "the target " + label(target.stage()) + " takes nothing from it"))
                .toList();
        return new BuildGraph(steps, target.product(), skipped);
    }

    private Stage target() {
        String wanted = request.target();
        if (wanted == null || wanted.isEmpty()) {
            return file.stages().getLast();
        }
        Stage named = file.stage(wanted);
        if (named != null) {
            return named;
        }
        if (wanted.matches("[0-9]{1,6}")
                && Integer.parseInt(wanted) < file.stages().size()) {
            return file.stages().get(Integer.parseInt(wanted));
        }
        throw new GraphException(null, "there is no stage \"" + wanted + "\" to build", "The stages are: " + names());
    }

    private String names() {
        return String.join(", ", file.stages().stream().map(StageLinking::label).toList());
    }

    static String label(Stage stage) {
        return stage.name() == null ? "stage-" + stage.index() : stage.name();
    }

    GlobalScope scope() {
        return scope;
    }

    Request request() {
        return request;
    }

    Dockerfile file() {
        return file;
    }

    int add(Step step) {
        steps.add(step);
        return step.id();
    }

    int nextId() {
        return steps.size();
    }

    Step step(int id) {
        return steps.get(id);
    }

    /** The stage with its steps made, and those of all it is built on. */
    private StageDispatch stage(Stage wanted) {
        List<Stage> line = new ArrayList<>();
        Stage stage = wanted;
        while (stage != null && !stages.containsKey(stage.index())) {
            line.addFirst(stage);
            stage = replaced(stage) ? null : baseStage(stage);
        }
        for (Stage next : line) {
            StageDispatch dispatch = new StageDispatch(this, next);
            stages.put(next.index(), dispatch);
            start(dispatch, next);
        }
        return known(wanted);
    }

    private StageDispatch known(Stage stage) {
        StageDispatch dispatch = stages.get(stage.index());
        if (dispatch == null) {
            throw new IllegalStateException("stage " + label(stage) + " was not made");
        }
        return dispatch;
    }

    private boolean replaced(Stage stage) {
        return stage.name() != null && request.contexts().containsKey(stage.name());
    }

    private void start(StageDispatch dispatch, Stage stage) {
        Request.NamedContext own =
                stage.name() == null ? null : request.contexts().get(stage.name());
        if (own != null && stage.name() != null) {
            // A context of the stage's own name stands for the whole stage.
            begin(dispatch, stage, new Request.Given(stage.name(), own));
            dispatch.end();
            return;
        }
        String base = expand(stage, stage.base(), "the base of FROM");
        Stage earlier = baseStage(stage);
        Request.Given named = request.context(base);
        if (earlier != null) {
            dispatch.continueFrom(known(earlier));
        } else if (base.equals("scratch")) {
            dispatch.beginWithNothing(Image.scratch(platform(stage)), add(new Step.Scratch(nextId())));
        } else if (named != null) {
            begin(dispatch, stage, named);
        } else {
            Reference name = reference(stage.location(), base);
            dispatch.beginWithImage(found(stage.location(), name, platform(stage), base));
        }
        dispatch.run();
    }

    private void begin(StageDispatch dispatch, Stage stage, Request.Given given) {
        switch (given.context()) {
            case Request.NamedContext.Image image
            when isScratch(image) ->
                dispatch.beginWithNothing(Image.scratch(platform(stage)), add(new Step.Scratch(nextId())));
            case Request.NamedContext.Image image ->
                dispatch.beginWithImage(found(stage.location(), image.name(), platform(stage)));
            case Request.NamedContext.Layout layout ->
                dispatch.beginWithImage(bases.layout(given.name(), platform(stage)));
            case Request.NamedContext.Stage other ->
                dispatch.continueFrom(stage(stageNamed(stage.location(), other.name())));
            case Request.NamedContext.Folder _ ->
                dispatch.beginWithFolder(
                        Image.scratch(platform(stage)), add(new Step.Scratch(nextId())), folder(given), given.name());
        }
    }

    private Bases.Found found(Location location, Reference name, Platform platform) {
        return found(location, name, platform, null);
    }

    /** @param written the name where it may be a stage's, misspelt */
    private Bases.Found found(Location location, Reference name, Platform platform, @Nullable String written) {
        try {
            return bases.find(name, platform);
        } catch (RuntimeException e) {
            String meant = written == null ? null : Suggestion.closest(written, stageNames());
            throw new BaseException(location, e, meant);
        }
    }

    private List<String> stageNames() {
        return file.stages().stream().map(Stage::name).filter(Objects::nonNull).toList();
    }

    /** {@code docker-image://scratch} is no image of a registry. */
    private static boolean isScratch(Request.NamedContext.Image image) {
        return image.name().equals(SCRATCH);
    }

    private Stage stageNamed(Location location, String name) {
        Stage stage = file.stage(name);
        if (stage == null) {
            throw new GraphException(location, "there is no stage \"" + name + "\"", "The stages are: " + names());
        }
        return stage;
    }

    private @Nullable Stage baseStage(Stage stage) {
        String base = expand(stage, stage.base(), "the base of FROM");
        Stage found = null;
        for (Stage earlier : file.stages().subList(0, stage.index())) {
            if (base.equals(earlier.name())) {
                found = earlier;
            }
        }
        return found;
    }

    private Platform platform(Stage stage) {
        if (stage.platform() == null) {
            return request.platform();
        }
        String text = expand(stage, stage.platform(), "the platform of FROM");
        try {
            return Platform.parse(text);
        } catch (IllegalArgumentException e) {
            throw new GraphException(stage.location(), "FROM --platform=" + text + ": " + e.getMessage(), null);
        }
    }

    private String expand(Stage stage, String written, String what) {
        try {
            String text = scope.expand(written).text();
            if (text.isEmpty()) {
                throw new GraphException(
                        stage.location(),
                        what + " (" + written + ") is blank",
                        "Give the ARG a value before the first FROM.");
            }
            return text;
        } catch (ExpansionException e) {
            throw new GraphException(stage.location(), what + ": " + e.getMessage(), null);
        }
    }

    private static Reference reference(Location location, String text) {
        try {
            return Reference.parse(text);
        } catch (IllegalArgumentException e) {
            throw new GraphException(location, message(e), null);
        }
    }

    private static String message(IllegalArgumentException e) {
        return e.getMessage() == null ? "not an image name" : e.getMessage();
    }

    /**
     * Counts what is kept of a stage, so that a few lines that refer to one another cannot fill any memory.
     *
     * @param size characters, or entries of a map times what one takes
     */
    void keep(long size, Location location) {
        kept += size;
        if (kept > MOST_KEPT) {
            throw new GraphException(
                    location,
                    "the stages down to here take more than " + (MOST_KEPT >> 20) + " MiB of memory",
                    "Set variables once, and only in the stages that need them.");
        }
    }

    /** The main build context's files. */
    int mainFiles() {
        return sources.computeIfAbsent("context ", key -> add(new Step.Files(nextId(), "")));
    }

    /** Whether the name is a folder given from outside, whose files belong to root as those of the main context do. */
    boolean isFolder(String from) {
        Request.Given given = request.context(from);
        return stageByName(from) == null && given != null && given.context() instanceof Request.NamedContext.Folder;
    }

    private @Nullable Stage stageByName(String from) {
        Stage found = null;
        for (Stage stage : file.stages()) {
            if (from.equalsIgnoreCase(stage.name())) {
                found = stage;
            }
        }
        return found;
    }

    /** The step whose files {@code --from} and {@code from=} mean. */
    int source(String from, Stage user, Instruction instruction) {
        Stage stage = from.matches("[0-9]{1,6}") ? byNumber(from, instruction) : stageByName(from);
        if (stage != null) {
            if (stage.index() >= user.index()) {
                throw new GraphException(
                        instruction.location(),
                        "cannot copy from stage \"" + from + "\": it needs to be defined before current stage \""
                                + label(user) + "\"",
                        "Move the stage up, or name an earlier one.");
            }
            return stage(stage).last();
        }
        Request.Given given = request.context(from);
        if (given != null) {
            return contextSource(given, from, instruction);
        }
        if (from.equals("scratch")) {
            return scratch();
        }
        return sources.computeIfAbsent(
                "image " + from,
                key -> imageSource(
                        from,
                        instruction,
                        found(
                                instruction.location(),
                                reference(instruction.location(), from),
                                request.platform(),
                                from)));
    }

    private int scratch() {
        return sources.computeIfAbsent("scratch", key -> add(new Step.Scratch(nextId())));
    }

    private int folder(Request.Given given) {
        return sources.computeIfAbsent("folder " + given.name(), key -> add(new Step.Files(nextId(), given.name())));
    }

    private int contextSource(Request.Given given, String from, Instruction instruction) {
        return switch (given.context()) {
            case Request.NamedContext.Folder _ -> folder(given);
            case Request.NamedContext.Stage other ->
                stage(stageNamed(instruction.location(), other.name())).last();
            case Request.NamedContext.Layout layout ->
                sources.computeIfAbsent(
                        "image " + given.name(),
                        key -> imageSource(from, instruction, bases.layout(given.name(), request.platform())));
            case Request.NamedContext.Image image when isScratch(image) -> scratch();
            case Request.NamedContext.Image image ->
                sources.computeIfAbsent(
                        "image " + given.name(),
                        key -> imageSource(
                                from, instruction, found(instruction.location(), image.name(), request.platform())));
        };
    }

    private Stage byNumber(String from, Instruction instruction) {
        int index = Integer.parseInt(from);
        if (index >= file.stages().size()) {
            throw new GraphException(
                    instruction.location(),
                    "invalid stage index " + index,
                    "The stages are numbered from 0 to " + (file.stages().size() - 1) + ".");
        }
        return file.stages().get(index);
    }

    private int imageSource(String from, Instruction instruction, Bases.Found found) {
        Label label = new Label(
                from.replaceAll("\\s", "_"), 1, 1, instruction.location().startLine(), "FROM " + found.pinned());
        return add(new Step.Base(nextId(), label, found.pinned(), found.image()));
    }
}
