package dev.strata.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A mode as {@code --chmod} takes it: octal, or symbolic as chmod(1) has it ({@code u=rwX,go=rX}).
 *
 * <p>Source: Dockerfile reference, COPY --chmod; where POSIX leaves a choice, as the BSDs and BuildKit have it: {@code =}
 * takes away the set-user-ID and set-group-ID bits, of folders, too, but not where it copies another's permissions, and
 * the sticky bit is not the others' to give.
 */
public final class FileMode {
    private static final Pattern OCTAL = Pattern.compile("[0-7]{1,9}");
    private static final Pattern CLAUSE = Pattern.compile("([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)");
    private static final Pattern ACTION = Pattern.compile("([-+=])([ugo]|[rwxXst]*)");
    private static final int ALL = 07777;
    private static final int USUAL_FOLDER = 0755;

    private record Action(String who, char operator, String permissions) {}

    private final int octal;
    private final List<Action> actions;

    private FileMode(int octal, List<Action> actions) {
        this.octal = octal;
        this.actions = actions;
    }

    /** Reads a mode; an {@link IllegalArgumentException} says what is wrong. */
    public static FileMode parse(String text) {
        if (OCTAL.matcher(text).matches()) {
            int value = Integer.parseInt(text, 8);
            if (value > ALL) {
                throw invalid(text);
            }
            return new FileMode(value, List.of());
        }
        if (text.isEmpty() || Character.isDigit(text.charAt(0))) {
            throw invalid(text);
        }
        List<Action> actions = new ArrayList<>();
        for (String clause : text.split(",", -1)) {
            Matcher matcher = CLAUSE.matcher(clause);
            if (!matcher.matches()) {
                throw invalid(text);
            }
            Matcher action = ACTION.matcher(matcher.group(2));
            while (action.find()) {
                actions.add(new Action(
                        matcher.group(1).isEmpty() ? "a" : matcher.group(1),
                        action.group(1).charAt(0),
                        action.group(2)));
            }
        }
        return new FileMode(-1, List.copyOf(actions));
    }

    private static IllegalArgumentException invalid(String text) {
        return new IllegalArgumentException("invalid chmod parameter: '" + text
                + "'. it should be octal string and between 0 and 07777, or symbolic such as u=rwX,go=rX");
    }

    /** The mode of an entry that had {@code before}. */
    public int apply(int before, boolean directory) {
        if (octal >= 0) {
            return octal;
        }
        int mode = before;
        for (Action action : actions) {
            mode = apply(action, mode, directory || (before & 0111) != 0);
        }
        return mode & ALL;
    }

    /**
     * The mode of a folder that is made on the way to a destination: of an octal mode the nine bits that it gives to
     * everybody, whatever a symbolic one says the usual. Source: BuildKit's copy operation.
     */
    public int ofMadeFolder() {
        return octal >= 0 ? octal & 0777 : USUAL_FOLDER;
    }

    /** @param executable whether X means x: for a folder, and for what somebody could execute before the first action */
    private static int apply(Action action, int mode, boolean executable) {
        int bits = 0;
        int mask = 0;
        boolean copies = !action.permissions().isEmpty() && "ugo".contains(action.permissions());
        String everybody = action.who().replace("a", "ugo");
        for (int i = 0; i < everybody.length(); i++) {
            char who = everybody.charAt(i);
            int shift = who == 'u' ? 6 : who == 'g' ? 3 : 0;
            bits |= permissions(action.permissions(), mode, executable) << shift;
            mask |= 07 << shift;
            if (action.permissions().indexOf('s') >= 0 && who != 'o') {
                bits |= who == 'u' ? 04000 : 02000;
            }
            if (who != 'o' && action.operator() == '=' && !copies) {
                mask |= who == 'u' ? 04000 : 02000;
            }
        }
        if (action.permissions().indexOf('t') >= 0
                && !everybody.replace("o", "").isEmpty()) {
            bits |= 01000;
        }
        return switch (action.operator()) {
            case '+' -> mode | bits;
            case '-' -> mode & ~bits;
            default -> (mode & ~mask) | bits;
        };
    }

    private static int permissions(String letters, int mode, boolean executable) {
        int bits = 0;
        for (int i = 0; i < letters.length(); i++) {
            bits |= switch (letters.charAt(i)) {
                case 'r' -> 4;
                case 'w' -> 2;
                case 'x' -> 1;
                case 'X' -> executable ? 1 : 0;
                case 'u' -> (mode >> 6) & 7;
                case 'g' -> (mode >> 3) & 7;
                case 'o' -> mode & 7;
                default -> 0;
            };
        }
        return bits;
    }
}
