package dev.strata.builder;

import dev.strata.dockerfile.PathPatterns;
import dev.strata.graph.FileMode;
import dev.strata.graph.Step;
import dev.strata.layer.LayerTree;
import dev.strata.layer.Metadata;
import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import dev.strata.layer.TreePath;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedCollection;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Puts the pieces of a COPY or ADD at their destination.
 *
 * <p>Source: Dockerfile reference, COPY; where it is silent, BuildKit's copy operation: a folder's content is copied
 * into the destination; a file goes into the destination where that is a folder or ends with a slash; the destination
 * keeps its own owner and mode or gets those of a new folder, what is below it gets the source's.
 */
final class Copying {
    private final Step.Copy step;
    private final LayerPlan plan;
    private final @Nullable Owner owner;
    private final @Nullable FileMode mode;
    private final PathPatterns exclude;
    private final @Nullable Instant date;
    private final Archives archives;
    /** The folders on the way to what one source of {@code --parents} has matched. */
    private final Set<String> passed = new HashSet<>();

    private int ordinal;

    /**
     * @param owner null keeps the source's
     * @param date times of a context's files are set to this; null keeps them
     */
    Copying(Step.Copy step, LayerPlan plan, @Nullable Owner owner, @Nullable Instant date, Archives archives) {
        this.step = step;
        this.plan = plan;
        this.owner = owner;
        this.mode = step.mode() == null ? null : FileMode.parse(step.mode());
        this.exclude = PathPatterns.of(step.exclude());
        this.date = date;
        this.archives = archives;
    }

    void copy(SequencedCollection<Piece> pieces) throws IOException {
        for (Piece piece : pieces) {
            ordinal++;
            try {
                copy(piece);
            } catch (IOException e) {
                throw new FailureException(
                        new Failure(
                                Failure.Cause.USER,
                                (step.add() ? "ADD" : "COPY") + " to " + step.destination() + ": " + e.getMessage(),
                                null,
                                null),
                        e);
            }
        }
    }

    private void copy(Piece piece) throws IOException {
        switch (piece) {
            case Piece.Found found -> found(found);
            case Piece.Kept kept -> kept(kept);
            case Piece.Destination _ -> {
                passed.clear();
                plan.folders(step.destination(), made(), owner != null);
            }
            case Piece.Text text -> {
                byte[] bytes = text.content().getBytes(StandardCharsets.UTF_8);
                Node.RegularFile node =
                        new Node.RegularFile(Metadata.of(changed(0644), uid(0), gid(0), seconds()), bytes.length, null);
                put(fileTarget(text.name()), node, () -> new ByteArrayInputStream(bytes));
            }
            case Piece.Fetched fetched -> fetched(fetched);
        }
    }

    private void fetched(Piece.Fetched fetched) throws IOException {
        if (Boolean.TRUE.equals(step.unpack())) {
            LayerTree unpacked = archives.open(fetched.tree(), fetched.path(), ordinal);
            if (unpacked != null) {
                unpack(unpacked);
                return;
            }
        }
        Instant time = fetched.lastModified() == null ? Instant.ofEpochSecond(seconds()) : fetched.lastModified();
        Metadata metadata = Metadata.of(changed(0600), uid(0), gid(0), time.getEpochSecond());
        put(
                fileTarget(fetched.name()),
                new Node.RegularFile(metadata, fetched.node().size(), null),
                () -> fetched.tree().open(fetched.path()));
    }

    private void found(Piece.Found found) throws IOException {
        boolean unpack = step.unpack() == null ? step.add() : step.unpack();
        if (unpack && found.node() instanceof Node.RegularFile) {
            LayerTree unpacked = archives.open(found.tree(), found.path(), ordinal);
            if (unpacked != null) {
                unpack(unpacked);
                return;
            }
        }
        if (found.node() instanceof Node.Directory) {
            directory(found);
            return;
        }
        // What is named itself is copied whatever --exclude says: that speaks of what is found in a folder.
        leaf(found.tree(), found.path(), fileTarget(found.name()), found.node(), found.owned(), false);
    }

    /** A folder's content goes to the destination itself, which gets the folder's time, whether it was there or not. */
    private void directory(Piece.Found found) throws IOException {
        String target = TreePath.follow(plan, step.destination(), true);
        boolean isNew = plan.find(target) == null;
        if (isNew) {
            plan.folders(target, made(), owner != null);
        }
        if (!(plan.find(target) instanceof Node.Directory there)) {
            throw new IOException("cannot copy to non-directory: /" + target);
        }
        if (!target.isEmpty()) {
            Metadata source = metadata(found.node().metadata(), found.owned(), true);
            Metadata timed = there.metadata().withTime(source.seconds(), source.nanoseconds());
            put(target, new Node.Directory(timed), null);
        }
        content(found.tree(), found.path(), target, "", found.owned(), isNew);
    }

    /** @param isNew whether this copy has made the folder, so that nothing can be in the way of what goes into it */
    private void content(Tree tree, String from, String to, String inside, boolean owned, boolean isNew)
            throws IOException {
        for (Map.Entry<String, Node> child : tree.children(from).entrySet()) {
            String source = TreePath.join(from, child.getKey());
            String target = TreePath.join(to, child.getKey());
            String relative = TreePath.join(inside, child.getKey());
            boolean excluded = !step.exclude().isEmpty() && exclude.matches(relative);
            if (child.getValue() instanceof Node.Directory) {
                if (excluded && (exclude.matchesWhole(relative) || !keepsAny(tree, source, relative))) {
                    continue;
                }
                boolean made = enter(target, child.getValue().metadata(), owned, isNew);
                content(tree, source, target, relative, owned, made);
            } else if (!excluded) {
                leaf(tree, source, target, child.getValue(), owned, isNew);
            }
        }
    }

    private boolean keepsAny(Tree tree, String folder, String relative) throws IOException {
        for (Map.Entry<String, Node> child : tree.children(folder).entrySet()) {
            String path = TreePath.join(relative, child.getKey());
            boolean kept = child.getValue() instanceof Node.Directory
                    ? !exclude.matches(path) || keepsAny(tree, TreePath.join(folder, child.getKey()), path)
                    : !exclude.matches(path);
            if (kept) {
                return true;
            }
        }
        return false;
    }

    /**
     * A folder below the destination gets the source's owner and mode, whether it was there or not.
     *
     * @param isNew whether the folder that it is in was made by this copy
     * @return whether it was made now
     */
    private boolean enter(String target, Metadata metadata, boolean owned, boolean isNew) throws IOException {
        Node there = isNew ? null : plan.find(target);
        if (there != null && !(there instanceof Node.Directory)) {
            throw new IOException("cannot copy to non-directory: /" + target);
        }
        put(target, directoryNode(metadata, owned), null);
        return there == null;
    }

    /** A folder on the way to what is copied: one that is there gets the source's mode and keeps its owner and time. */
    private void pass(String target, Metadata metadata, boolean owned) throws IOException {
        if (!passed.add(target)) {
            return;
        }
        if (plan.find(target) instanceof Node.Directory there) {
            put(target, new Node.Directory(there.metadata().withMode(metadata.mode())), null);
        } else {
            enter(target, metadata, owned, false);
        }
    }

    private void kept(Piece.Kept kept) throws IOException {
        String base = plan.folders(step.destination(), made(), owner != null);
        String path = "";
        List<String> names = List.of(kept.path().split("/"));
        if (kept.path().isEmpty()) {
            content(kept.tree(), kept.root(), base, "", kept.owned(), false);
            return;
        }
        for (int i = 0; i < names.size(); i++) {
            path = TreePath.join(path, names.get(i));
            String source = TreePath.join(kept.root(), path);
            String target = TreePath.join(base, path);
            Node node = kept.tree().find(source);
            if (node == null) {
                throw new IOException("/" + source + ": not found");
            }
            boolean excluded = !step.exclude().isEmpty() && exclude.matches(path);
            if (node instanceof Node.Directory) {
                if (excluded && exclude.matchesWhole(path)) {
                    return;
                }
                if (i < names.size() - 1) {
                    pass(target, node.metadata(), kept.owned());
                } else {
                    boolean made = enter(target, node.metadata(), kept.owned(), false);
                    content(kept.tree(), source, target, path, kept.owned(), made);
                }
            } else if (!excluded) {
                leaf(kept.tree(), source, target, node, kept.owned(), false);
            }
        }
    }

    /** An archive's files come as the archive has them, whatever --chmod says. */
    private void unpack(LayerTree archive) throws IOException {
        unpack(archive, "", plan.folders(step.destination(), madeForArchive(), owner != null));
    }

    /** As tar has it: what is in the way of something else is replaced, a folder with all that is in it. */
    private void unpack(LayerTree archive, String from, String to) throws IOException {
        for (Map.Entry<String, Node> child : archive.children(from).entrySet()) {
            String source = TreePath.join(from, child.getKey());
            String target = TreePath.join(to, child.getKey());
            Metadata metadata = owned(child.getValue().metadata());
            if (!(child.getValue() instanceof Node.Directory)) {
                plan.remove(target);
                leaf(archive, source, target, child.getValue(), metadata);
            } else if (archive.isImplied(source)) {
                unpack(archive, source, plan.folders("/" + target, Metadata.of(0755, 0, 0, seconds()), true));
            } else {
                if (!(plan.find(target) instanceof Node.Directory)) {
                    plan.remove(target);
                }
                put(target, new Node.Directory(metadata), null);
                unpack(archive, source, target);
            }
        }
    }

    private Metadata owned(Metadata metadata) {
        return owner == null ? metadata : metadata.withOwner(owner.uid(), owner.gid());
    }

    private void leaf(Tree tree, String from, String to, Node node, boolean owned, boolean isNew) throws IOException {
        if (!isNew && plan.find(to) instanceof Node.Directory) {
            throw new IOException("cannot replace to directory /" + to + " with file");
        }
        leaf(tree, from, to, node, metadata(node.metadata(), owned, false));
    }

    private void leaf(Tree tree, String from, String to, Node node, Metadata metadata) {
        switch (node) {
            case Node.RegularFile file ->
                put(
                        to,
                        new Node.RegularFile(
                                metadata, file.size(), file.link() == null ? null : ordinal + " " + file.link()),
                        () -> tree.open(from));
            case Node.SymbolicLink link ->
                put(to, new Node.SymbolicLink(metadata.withMode(link.metadata().mode()), link.target()), null);
            case Node.Device device ->
                put(to, new Node.Device(metadata, device.block(), device.major(), device.minor()), null);
            case Node.Fifo fifo -> put(to, new Node.Fifo(metadata), null);
            case Node.Directory directory -> throw new IllegalArgumentException("a folder is no leaf: " + from);
        }
    }

    private void put(String path, Node node, LayerPlan.@Nullable Bytes content) {
        plan.put(path, node, content);
    }

    /** Where a file goes, its folders made. */
    private String fileTarget(String name) throws IOException {
        String destination = step.destination();
        if (destination.endsWith("/")) {
            return TreePath.join(plan.folders(destination, made(), owner != null), name);
        }
        String target = TreePath.follow(plan, destination, true);
        if (plan.find(target) instanceof Node.Directory) {
            return TreePath.join(target, name);
        }
        plan.folders(TreePath.parent(target), made(), owner != null);
        return target;
    }

    private Node directoryNode(Metadata metadata, boolean owned) {
        return new Node.Directory(metadata(metadata, owned, true));
    }

    private Metadata metadata(Metadata source, boolean owned, boolean directory) {
        Metadata kept = owned
                ? source
                : new Metadata(
                        source.mode(), 0, 0, source.seconds(), source.nanoseconds(), Collections.emptySortedMap());
        Metadata dated = owned || date == null ? kept : kept.withTime(date.getEpochSecond(), 0);
        Metadata own = owner == null ? dated : dated.withOwner(owner.uid(), owner.gid());
        return mode == null ? own : own.withMode(mode.apply(own.mode(), directory));
    }

    /**
     * Of folders that are made on the way, the destination among them: as --chmod and --chown say, never as a source's.
     * Their times do not depend on the clock, so that the same files make the same layer.
     */
    private Metadata made() {
        return Metadata.of(mode == null ? 0755 : mode.ofMadeFolder(), uid(0), gid(0), seconds());
    }

    /** Of a folder that an archive is unpacked into, which --chmod says nothing of. */
    private Metadata madeForArchive() {
        return Metadata.of(0755, uid(0), gid(0), seconds());
    }

    private long seconds() {
        return date == null ? 0 : date.getEpochSecond();
    }

    /** A file's mode. */
    private int changed(int before) {
        return mode == null ? before : mode.apply(before, false);
    }

    private long uid(long otherwise) {
        return owner == null ? otherwise : owner.uid();
    }

    private long gid(long otherwise) {
        return owner == null ? otherwise : owner.gid();
    }
}
