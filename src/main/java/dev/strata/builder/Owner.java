package dev.strata.builder;

import dev.strata.layer.Tree;
import dev.strata.layer.TreePath;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A user and a group by number, looked up in an image's own {@code /etc/passwd} and {@code /etc/group}.
 *
 * @param groups further groups that the user is in
 * @param home the user's home folder; null where the image does not know the user
 */
record Owner(
        long uid, long gid, List<Long> groups, @Nullable String home) {
    static final Owner ROOT = new Owner(0, 0, List.of(), null);

    Owner {
        groups = List.copyOf(groups);
    }

    /**
     * Looks up {@code user}, {@code user:group}, {@code uid} or {@code uid:gid}, as USER and --chown take them.
     *
     * @param what the instruction or flag, for messages
     * @param files where a group that was not named is not the user's own but that of the same number, as --chown has it
     */
    static Owner find(String text, Tree tree, String what, boolean files) throws IOException {
        int colon = text.indexOf(':');
        String userName = colon < 0 ? text : text.substring(0, colon);
        String groupName = colon < 0 ? "" : text.substring(colon + 1);
        if (userName.isEmpty() && groupName.isEmpty()) {
            return ROOT;
        }
        Long number = number(userName);
        if (files && number != null && (groupName.isEmpty() || number(groupName) != null)) {
            Long group = number(groupName);
            return new Owner(number, group == null ? number : group, List.of(), null);
        }
        List<String[]> users = lines(tree, "etc/passwd", 4);
        List<String[]> groups = lines(tree, "etc/group", 3);
        String[] user = user(users, userName, number);
        if (user == null && number == null && !userName.isEmpty()) {
            throw unknown("user", userName, what, users);
        }
        long uid = user != null ? parse(user[2]) : number == null ? 0 : number;
        long gid = groupName.isEmpty()
                ? (user != null ? parse(user[3]) : files ? uid : 0)
                : group(groups, groupName, what);
        return new Owner(
                uid,
                gid,
                user == null || !groupName.isEmpty() ? List.of() : memberships(groups, user[0]),
                user == null || user.length < 6 || user[5].isEmpty() ? null : user[5]);
    }

    private static String @Nullable [] user(List<String[]> users, String name, @Nullable Long number) {
        for (String[] user : users) {
            if (user[0].equals(name)) {
                return user;
            }
        }
        for (String[] user : users) {
            if (number != null && user[2].equals(number.toString())) {
                return user;
            }
        }
        return null;
    }

    private static long group(List<String[]> groups, String name, String what) {
        for (String[] group : groups) {
            if (group[0].equals(name)) {
                return parse(group[2]);
            }
        }
        Long number = number(name);
        if (number == null) {
            throw unknown("group", name, what, groups);
        }
        return number;
    }

    private static List<Long> memberships(List<String[]> groups, String user) {
        List<Long> found = new ArrayList<>();
        for (String[] group : groups) {
            if (group.length > 3 && List.of(group[3].split(",")).contains(user)) {
                found.add(parse(group[2]));
            }
        }
        return found;
    }

    private static long parse(String digits) {
        Long number = number(digits);
        return number == null ? 0 : number;
    }

    private static @Nullable Long number(String text) {
        return text.matches("[0-9]{1,10}") ? Long.valueOf(text) : null;
    }

    private static List<String[]> lines(Tree tree, String path, int fields) throws IOException {
        String followed = TreePath.follow(tree, path, true);
        if (!(tree.find(followed) instanceof dev.strata.layer.Node.RegularFile)) {
            return List.of();
        }
        List<String[]> lines = new ArrayList<>();
        String text;
        try (var in = tree.open(followed)) {
            text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        for (String line : text.split("\n")) {
            String[] parts = line.split(":", -1);
            if (parts.length >= fields) {
                lines.add(parts);
            }
        }
        return lines;
    }

    private static FailureException unknown(String kind, String name, String what, List<String[]> known) {
        String file = kind.equals("user") ? "/etc/passwd" : "/etc/group";
        String mend = known.isEmpty()
                ? "The image has no " + file + "; give a number"
                : "Make the " + kind + " in an earlier RUN, or give a number";
        return new FailureException(new Failure(
                Failure.Cause.USER,
                what + ": unable to find " + kind + " " + name + ": no matching entries in " + file,
                null,
                mend));
    }
}
