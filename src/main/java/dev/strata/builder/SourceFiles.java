package dev.strata.builder;

import dev.strata.dockerfile.PathPattern;
import dev.strata.dockerfile.PathPatterns;
import dev.strata.dockerfile.Suggestion;
import dev.strata.graph.Step;
import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import dev.strata.layer.TreePath;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds what the source patterns of COPY and ADD mean.
 *
 * <p>Source: Dockerfile reference, COPY; where it is silent, BuildKit's copy operation: patterns may match nothing,
 * plain names may not; links to what is copied are followed, links inside of it are copied as links.
 */
final class SourceFiles {
    private final Step.Copy step;

    SourceFiles(Step.Copy step) {
        this.step = step;
    }

    List<Piece> find(Step.Item.Paths item, Tree tree) throws IOException {
        if (step.parents()) {
            return kept(item, tree);
        }
        List<Piece> pieces = new ArrayList<>();
        String pattern = TreePath.clean(item.pattern());
        if (!PathPattern.isPattern(pattern)) {
            pieces.add(found(item, tree, pattern));
            return pieces;
        }
        for (String match : matches(item, tree, pattern)) {
            pieces.add(found(item, tree, match));
        }
        return pieces;
    }

    /** The part before the first wildcard is a name: it must be there, and its links are followed, those behind it are not. */
    private List<String> matches(Step.Item.Paths item, Tree tree, String pattern) throws IOException {
        List<String> names = List.of(pattern.split("/"));
        int plain = 0;
        while (!PathPattern.isPattern(names.get(plain))) {
            plain++;
        }
        String folder = String.join("/", names.subList(0, plain));
        if (plain > 0 && tree.find(TreePath.follow(tree, folder, true)) == null) {
            throw missing(item, tree, folder);
        }
        List<String> matches = new ArrayList<>();
        match(tree, folder, names, plain, matches);
        return matches;
    }

    private Piece found(Step.Item.Paths item, Tree tree, String path) throws IOException {
        String followed = TreePath.follow(tree, path, true);
        Node node = tree.find(followed);
        if (node == null) {
            throw missing(item, tree, path);
        }
        return new Piece.Found(new RememberedTree(tree), followed, TreePath.name(path), node, !item.context());
    }

    private static void match(Tree tree, String folder, List<String> names, int at, List<String> matches)
            throws IOException {
        PathPattern pattern = PathPattern.ofSource(names.get(at));
        String followed = TreePath.follow(tree, folder, true);
        for (Map.Entry<String, Node> child : tree.children(followed).entrySet()) {
            if (!pattern.matches(child.getKey())) {
                continue;
            }
            String path = TreePath.join(folder, child.getKey());
            if (at == names.size() - 1) {
                matches.add(path);
            } else if (child.getValue() instanceof Node.Directory) {
                match(tree, path, names, at + 1, matches);
            }
        }
    }

    /** The part of a source before {@code /./} is not kept; of the rest, each match keeps its folders. */
    private List<Piece> kept(Step.Item.Paths item, Tree tree) throws IOException {
        String written = item.pattern();
        int pivot = written.indexOf("/./");
        String before = pivot < 0 ? "" : written.substring(0, pivot);
        String pattern = TreePath.clean(pivot < 0 ? written : written.substring(pivot + 3));
        List<String> roots = new ArrayList<>();
        String cleanRoot = TreePath.clean(before);
        if (cleanRoot.isEmpty() || !PathPattern.isPattern(cleanRoot)) {
            roots.add(cleanRoot);
        } else {
            roots.addAll(matches(item, tree, cleanRoot));
        }
        List<Piece> pieces = new ArrayList<>();
        boolean plain = !PathPattern.isPattern(cleanRoot) && !PathPattern.isPattern(pattern);
        for (String root : roots) {
            String followed = TreePath.follow(tree, root, true);
            if (plain) {
                if (tree.find(TreePath.join(followed, pattern)) == null) {
                    throw missing(item, tree, TreePath.join(root, pattern));
                }
                pieces.add(new Piece.Destination());
                pieces.add(new Piece.Kept(new RememberedTree(tree), followed, pattern, !item.context()));
            } else {
                pieces.add(new Piece.Destination());
                List<String> matches = new ArrayList<>();
                PathPatterns wanted = PathPatterns.of(List.of(pattern));
                walk(tree, followed, "", wanted, matches);
                for (String match : matches) {
                    pieces.add(new Piece.Kept(new RememberedTree(tree), followed, match, !item.context()));
                }
            }
        }
        return pieces;
    }

    private static void walk(Tree tree, String root, String folder, PathPatterns wanted, List<String> matches)
            throws IOException {
        for (Map.Entry<String, Node> child :
                tree.children(TreePath.join(root, folder)).entrySet()) {
            String path = TreePath.join(folder, child.getKey());
            if (wanted.matches(path)) {
                matches.add(path);
            } else if (child.getValue() instanceof Node.Directory) {
                walk(tree, root, path, wanted, matches);
            }
        }
    }

    private FailureException missing(Step.Item.Paths item, Tree tree, String path) throws IOException {
        String what = (step.add() ? "ADD " : "COPY ") + item.pattern() + ": \"/" + path
                + "\": not found (no such file or directory)";
        String mend;
        if (tree instanceof IgnoredTree filtered && filtered.whole().find(path) != null) {
            String rule = filtered.rule(path);
            mend = "The file is there, but the ignore file leaves it out"
                    + (rule == null ? "" : " by its rule \"" + rule + "\"");
        } else {
            String close = close(tree, path);
            mend = close == null
                    ? (item.context()
                            ? "Sources are paths below the build context"
                            : "Look at the stage or image it is copied from")
                    : "Did you mean \"" + close + "\"?";
        }
        return new FailureException(new Failure(Failure.Cause.USER, what, null, mend));
    }

    /** A neighbour that differs in the case of letters or in its ending only, or else in few letters. */
    private static @Nullable String close(Tree tree, String path) throws IOException {
        String folder = TreePath.parent(path);
        String wanted = TreePath.name(path);
        for (String name : tree.children(folder).keySet()) {
            String stem = name.contains(".") ? name.substring(0, name.lastIndexOf('.')) : name;
            if (name.equalsIgnoreCase(wanted) || stem.equalsIgnoreCase(wanted)) {
                return TreePath.join(folder, name);
            }
        }
        String closest = Suggestion.closest(wanted, tree.children(folder).keySet());
        return closest == null ? null : TreePath.join(folder, closest);
    }
}
