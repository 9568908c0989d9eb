package dev.strata.graph;

import dev.strata.image.Digest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * What a step's key is made of: its canonical text, the files it reads by content, the variables it sees and the key
 * of what it stands on. Times, secrets and proxies are left out.
 */
final class Ingredients {
    /** Of the step before; what is built on decides all else, so a miss is explained by it last. */
    static final String PARENT = "parent";

    /** Of the layers themselves. */
    static final String FORM = "layers";

    private Ingredients() {}

    /**
     * @param parent key of the step before
     * @param form of the layers, as {@link Worker#form} has it
     */
    static SequencedMap<String, String> of(Step.Layered step, CacheKey parent, Contents contents, String form) {
        SequencedMap<String, String> all = new LinkedHashMap<>();
        switch (step) {
            case Step.Run run -> run(run, all);
            case Step.Copy copy -> copy(copy, all);
            case Step.MakeDirectory directory -> {
                all.put("instruction", "WORKDIR");
                all.put("path", directory.path());
                all.put("user", directory.user());
            }
        }
        contents.files().forEach((path, digest) -> all.put("file " + path, digest));
        all.put("files", contents.digest());
        if (!form.isEmpty()) {
            all.put(FORM, form);
        }
        if (standsOnParent(step)) {
            all.put(PARENT, parent.hex());
        }
        return all;
    }

    /** A linked copy does not depend on what it is put on. */
    private static boolean standsOnParent(Step.Layered step) {
        return !(step instanceof Step.Copy copy) || !copy.link();
    }

    /** The key of a step that stands on nothing. */
    static CacheKey source(Step step) {
        SequencedMap<String, String> all = new LinkedHashMap<>();
        switch (step) {
            case Step.Scratch scratch -> all.put("source", "scratch");
            case Step.Base base -> {
                all.put("source", "image");
                all.put("platform", base.image().config().platform().toString());
                int number = 0;
                for (Digest diffId : base.image().config().rootfs().diffIds()) {
                    all.put("layer " + number++, diffId.toString());
                }
            }
            case Step.Files files -> all.put("source", "context " + files.context());
            case Step.Layered layered ->
                throw new IllegalArgumentException("step " + layered.id() + " stands on another");
        }
        return CacheKey.of(all);
    }

    private static void run(Step.Run run, SequencedMap<String, String> all) {
        all.put("instruction", "RUN");
        list("command", run.arguments(), all);
        for (Map.Entry<String, String> variable : run.environment().entrySet()) {
            all.put(
                    (run.seen().contains(variable.getKey()) ? "ARG " : "ENV ") + variable.getKey(),
                    variable.getValue());
        }
        all.put("workdir", run.workingDirectory());
        all.put("user", run.user());
        all.put("network", run.network());
        all.put("security", run.insecure() ? "insecure" : "sandbox");
        list("host", run.addHosts(), all);
        if (run.script() != null) {
            all.put("script", framed(run.script().path(), run.script().text()));
        }
        int number = 0;
        for (Mount mount : run.mounts()) {
            all.put("mount " + number++, text(mount));
        }
    }

    /** A mount without the step it shows, whose content is an ingredient of its own, and without secrets' bytes. */
    private static String text(Mount mount) {
        return switch (mount) {
            case Mount.Bind b -> framed("bind", b.source(), b.target(), b.readOnly());
            case Mount.Cache c ->
                framed("cache", c.id(), c.source(), c.target(), c.readOnly(), c.sharing(), c.mode(), c.uid(), c.gid());
            case Mount.Secret s ->
                framed("secret", s.id(), s.target(), s.environment(), s.required(), s.mode(), s.uid(), s.gid());
            case Mount.Ssh s -> framed("ssh", s.id(), s.target(), s.required(), s.mode(), s.uid(), s.gid());
            case Mount.Tmpfs t -> framed("tmpfs", t.target(), t.size());
        };
    }

    private static void copy(Step.Copy copy, SequencedMap<String, String> all) {
        all.put("instruction", copy.add() ? "ADD" : "COPY");
        int number = 0;
        for (Step.Item item : copy.items()) {
            all.put("source " + number++, text(item));
        }
        all.put("destination", copy.destination());
        all.put("owner", copy.owner() == null ? "" : copy.owner());
        all.put("mode", copy.mode() == null ? "" : copy.mode());
        all.put("flags", (copy.link() ? "link " : "") + (copy.parents() ? "parents " : "") + "unpack=" + copy.unpack());
        list("exclude", copy.exclude(), all);
    }

    private static String text(Step.Item item) {
        return switch (item) {
            case Step.Item.Paths paths -> framed(paths.context() ? "context" : "stage", paths.pattern());
            case Step.Item.Text text -> framed("text", text.name(), hash(text.content()));
            case Step.Item.Http http -> framed("http", http.url(), http.checksum());
            case Step.Item.Git git -> framed("git", git.url(), git.keepGitDirectory(), git.checksum());
        };
    }

    private static void list(String name, List<String> words, SequencedMap<String, String> all) {
        all.put(name, framed(words.toArray()));
    }

    /** Words with their lengths, so that no two lists are one text; what is not there is told from every word. */
    private static String framed(@Nullable Object... words) {
        List<String> framed = new ArrayList<>();
        for (Object word : words) {
            framed.add(word == null ? "-" : word.toString().length() + ":" + word);
        }
        return String.join(" ", framed);
    }

    private static String hash(String text) {
        return Digest.sha256(text.getBytes(StandardCharsets.UTF_8)).hex();
    }

    /** What the contents of a step's inputs depend on, so that they need not be read twice. */
    static CacheKey contentsKey(Step.Layered step, Map<Integer, CacheKey> inputs) {
        SequencedMap<String, String> all = new LinkedHashMap<>();
        all.put("contents of", step instanceof Step.Copy ? "copy" : "mounts");
        switch (step) {
            case Step.Copy copy -> copy(copy, all);
            case Step.Run run -> {
                int number = 0;
                for (Mount mount : run.mounts()) {
                    all.put("mount " + number++, text(mount));
                }
            }
            case Step.MakeDirectory directory -> {
                // reads nothing
            }
        }
        int number = 0;
        for (int id : step.inputs().subList(1, step.inputs().size())) {
            CacheKey key = inputs.get(id);
            all.put("input " + number++, key == null ? "" : key.hex());
        }
        return CacheKey.of(all);
    }

    /** The place of a step in its Dockerfile. */
    static String slot(Step.Layered step) {
        return step.label().stage() + "/" + step.label().number();
    }
}
