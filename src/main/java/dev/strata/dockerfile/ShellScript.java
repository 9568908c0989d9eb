package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a RUN runs, split roughly as a shell would: enough to tell which programs are called with which words. Quotes are
 * taken away, variables stay, and what is inside {@code $()} stays part of its word.
 *
 * @param pipelines commands that stand between {@code && || ;} and line ends; each a list of what stands between pipes
 */
record ShellScript(List<List<Call>> pipelines) {

    /** @param words the program and its arguments, never empty */
    record Call(List<String> words) {
        String program() {
            String first = words.getFirst();
            return first.substring(first.lastIndexOf('/') + 1);
        }

        List<String> arguments() {
            return words.subList(1, words.size());
        }

        boolean has(String... any) {
            return Stream.of(any).anyMatch(arguments()::contains);
        }

        /** The first argument that is no option; empty where there is none. */
        String verb() {
            return arguments().stream()
                    .filter(word -> !word.startsWith("-"))
                    .findFirst()
                    .orElse("");
        }

        boolean is(String program, String... verbs) {
            return program().equals(program) && Stream.of(verbs).anyMatch(arguments()::contains);
        }
    }

    private static final Set<String> PREFIXES = Set.of(
            "if", "then", "else", "elif", "fi", "do", "done", "while", "until", "!", "{", "}", "time", "exec", "sudo",
            "env", "command", "eval");
    private static final Pattern ASSIGNMENT = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*\\+?=.*", Pattern.DOTALL);

    /** The script of a RUN; a single program of the JSON form is a script of one command. */
    static ShellScript of(Instruction.Run run) {
        return switch (run.command()) {
            case Command.Exec(List<String> arguments)
            when arguments.size() == 3 && arguments.get(1).endsWith("c") -> parse(arguments.get(2));
            case Command.Exec(List<String> arguments) ->
                new ShellScript(arguments.isEmpty() ? List.of() : List.of(List.of(new Call(arguments))));
            case Command.Shell(String text) -> parse(text(run, text));
        };
    }

    private static String text(Instruction.Run run, String line) {
        if (run.heredocs().isEmpty()) {
            return line;
        }
        Heredoc first = run.heredocs().getFirst();
        boolean isScript = line.startsWith("<<");
        return isScript
                        && Whitespace.split(line, 2).size() == 1
                        && !first.text().startsWith("#!")
                ? first.text()
                : line;
    }

    /** All commands, in or out of pipes. */
    List<Call> calls() {
        return pipelines.stream().flatMap(List::stream).toList();
    }

    static ShellScript parse(String text) {
        return new Reader(text).read();
    }

    private static final class Reader {
        private final String text;
        private final List<List<Call>> pipelines = new ArrayList<>();
        private List<Call> pipeline = new ArrayList<>();
        private List<String> words = new ArrayList<>();
        private final StringBuilder word = new StringBuilder();
        private boolean inWord;
        private int at;

        Reader(String text) {
            this.text = text;
        }

        ShellScript read() {
            while (at < text.length()) {
                char c = text.charAt(at);
                switch (c) {
                    case '\'', '"' -> quoted(c);
                    case '\\' -> escaped();
                    case ' ', '\t', '\r' -> {
                        endWord();
                        at++;
                    }
                    case '\n', ';', '&', '(', ')' -> {
                        endPipeline();
                        at++;
                    }
                    case '|' -> pipe();
                    case '#' -> comment();
                    case '$', '<', '>' -> substitution(c);
                    default -> add(c);
                }
            }
            endPipeline();
            return new ShellScript(List.copyOf(pipelines));
        }

        private void add(char c) {
            word.append(c);
            inWord = true;
            at++;
        }

        private void quoted(char quote) {
            inWord = true;
            at++;
            while (at < text.length() && text.charAt(at) != quote) {
                if (quote == '"' && text.charAt(at) == '\\' && at + 1 < text.length()) {
                    at++;
                }
                word.append(text.charAt(at++));
            }
            at++;
        }

        private void escaped() {
            at++;
            if (at < text.length()) {
                char c = text.charAt(at);
                if (c == '\n') {
                    at++;
                } else {
                    add(c);
                }
            }
        }

        private void pipe() {
            boolean or = text.startsWith("||", at);
            at += or ? 2 : 1;
            if (or) {
                endPipeline();
            } else {
                endCall();
            }
        }

        private void comment() {
            if (inWord) {
                add('#');
                return;
            }
            int end = text.indexOf('\n', at);
            at = end < 0 ? text.length() : end;
        }

        /** What stands in parentheses after a dollar or an angle bracket belongs to the word. */
        private void substitution(char c) {
            if (at + 1 >= text.length() || text.charAt(at + 1) != '(') {
                add(c);
                return;
            }
            add(c);
            int depth = 0;
            do {
                char inside = text.charAt(at);
                depth += inside == '(' ? 1 : inside == ')' ? -1 : 0;
                add(inside);
            } while (at < text.length() && depth > 0);
        }

        private void endWord() {
            if (inWord) {
                words.add(word.toString());
                word.setLength(0);
                inWord = false;
            }
        }

        private void endCall() {
            endWord();
            int start = 0;
            while (start < words.size()
                    && (PREFIXES.contains(words.get(start))
                            || ASSIGNMENT.matcher(words.get(start)).matches())) {
                start++;
            }
            if (start < words.size()) {
                pipeline.add(new Call(List.copyOf(words.subList(start, words.size()))));
            }
            words = new ArrayList<>();
        }

        private void endPipeline() {
            endCall();
            if (!pipeline.isEmpty()) {
                pipelines.add(List.copyOf(pipeline));
                pipeline = new ArrayList<>();
            }
        }
    }
}
