package dev.strata.builder;

import dev.strata.layer.Tree;
import dev.strata.layer.TreePath;
import dev.strata.plan.Failure;
import dev.strata.plan.FailureException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A user and a group by number, looked up in an image's own {@code /etc/passwd} and {@code /etc/group}.
 *
 * @param groups all groups that a process of the user is in, its own among them; empty of files
 * @param home the user's home folder; null where the image does not know the user
 */
record Owner(
        long uid, long gid, List<Long> groups, @Nullable String home) {
    /** The number above means "leave it" to chown. */
    private static final long LARGEST = 0xFFFF_FFFEL;

    /** Of /etc/passwd and /etc/group; what is beyond is not looked at. */
    private static final int LARGEST_FILE = 10 << 20;

    static final Owner ROOT = new Owner(0, 0, List.of(), null);

    Owner {
        groups = List.copyOf(groups);
    }

    /**
     * Whom USER means: {@code user}, {@code user:group}, {@code uid} or {@code uid:gid}; nothing is root. As container
     * runtimes have it, the process is in its own group and in those that name its user.
     *
     * @param what the instruction, for messages
     * @throws FailureException where the image knows no such user or group
     */
    static Owner ofProcess(String text, Tree tree, String what) throws IOException {
        String userName = text.isEmpty() ? "0" : userPart(text);
        String groupName = groupPart(text);
        Long number = number(userName, what);
        Long groupNumber = number(groupName, what);
        if (number != null && groupNumber != null) {
            return new Owner(number, groupNumber, List.of(groupNumber), null);
        }
        List<String[]> users = lines(tree, "etc/passwd", 4);
        List<String[]> groups = lines(tree, "etc/group", 3);
        String[] user = user(users, userName, number);
        if (user == null && number == null && !userName.isEmpty()) {
            throw unknown("user", userName, what, users);
        }
        long uid = user != null ? parse(user[2]) : number == null ? 0 : number;
        long gid = user != null ? parse(user[3]) : 0;
        if (!groupName.isEmpty()) {
            gid = group(groups, groupName, groupNumber, what);
        }
        Set<Long> all = new LinkedHashSet<>(List.of(gid));
        if (user != null && groupName.isEmpty()) {
            all.addAll(memberships(groups, user[0]));
        }
        return new Owner(
                uid, gid, List.copyOf(all), user == null || user.length < 6 || user[5].isEmpty() ? null : user[5]);
    }

    /**
     * Whom files belong to, as --chown and WORKDIR take it: a number is also the group's where none is named. As with
     * BuildKit, files of a user whom the image does not know are root's, those of a group that it does not know have
     * the user's group; that is told.
     *
     * @param what the instruction, for messages
     * @param warnings told of a name that the image does not know
     */
    static Owner ofFiles(String text, Tree tree, String what, Consumer<String> warnings) throws IOException {
        String userName = userPart(text);
        String groupName = groupPart(text);
        Long uid = userName.isEmpty() || userName.equals("root") ? Long.valueOf(0) : number(userName, what);
        long own = uid == null ? 0 : uid;
        if (uid == null) {
            List<String[]> users = lines(tree, "etc/passwd", 4);
            String[] user = user(users, userName, null);
            if (user == null) {
                warnings.accept(unknown("user", userName, what, users).failure().what() + "; root is taken");
            }
            uid = user == null ? 0 : parse(user[2]);
            own = user == null ? 0 : parse(user[3]);
        }
        Long gid = groupName.isEmpty()
                ? Long.valueOf(own)
                : groupName.equals("root") ? Long.valueOf(0) : number(groupName, what);
        if (gid == null) {
            List<String[]> groups = lines(tree, "etc/group", 3);
            String[] group = line(groups, groupName);
            if (group == null) {
                warnings.accept(
                        unknown("group", groupName, what, groups).failure().what() + "; the user's own is taken");
            }
            gid = group == null ? own : parse(group[2]);
        }
        return new Owner(uid, gid, List.of(), null);
    }

    /** Whether a database of users or groups is needed to know whom {@code --chown} means; root is always known. */
    static boolean isNamed(String text) {
        return Stream.of(userPart(text), groupPart(text))
                .anyMatch(name -> !name.isEmpty() && !name.equals("root") && !name.matches("[0-9]+"));
    }

    private static String userPart(String text) {
        int colon = text.indexOf(':');
        return colon < 0 ? text : text.substring(0, colon);
    }

    private static String groupPart(String text) {
        int colon = text.indexOf(':');
        return colon < 0 ? "" : text.substring(colon + 1);
    }

    private static String @Nullable [] user(List<String[]> users, String name, @Nullable Long number) {
        String[] named = line(users, name);
        if (named != null || number == null) {
            return named;
        }
        for (String[] user : users) {
            if (user[2].equals(number.toString())) {
                return user;
            }
        }
        return null;
    }

    private static String @Nullable [] line(List<String[]> lines, String name) {
        for (String[] line : lines) {
            if (line[0].equals(name)) {
                return line;
            }
        }
        return null;
    }

    private static long group(List<String[]> groups, String name, @Nullable Long number, String what) {
        String[] named = line(groups, name);
        if (named != null) {
            return parse(named[2]);
        }
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
        return digits.matches("[0-9]{1,10}") ? Math.min(Long.parseLong(digits), LARGEST) : 0;
    }

    private static @Nullable Long number(String text, String what) {
        if (!text.matches("[0-9]{1,18}")) {
            return null;
        }
        long number = Long.parseLong(text);
        if (number > LARGEST) {
            throw new FailureException(new Failure(
                    Failure.Cause.USER, what + ": no user or group has a number above " + LARGEST, null, null));
        }
        return number;
    }

    private static List<String[]> lines(Tree tree, String path, int fields) throws IOException {
        String followed = TreePath.follow(tree, path, true);
        if (!(tree.find(followed) instanceof dev.strata.layer.Node.RegularFile)) {
            return List.of();
        }
        List<String[]> lines = new ArrayList<>();
        String text;
        try (var in = tree.open(followed)) {
            text = new String(in.readNBytes(LARGEST_FILE), StandardCharsets.UTF_8);
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
