package dev.strata.context;

import java.util.regex.Pattern;

/** Addresses as they may be shown: without user, password and the values of a query, any of which may be a secret. */
final class Redacted {
    private static final Pattern USER = Pattern.compile("(?<=://)[^/@\\s]+@");
    private static final Pattern QUERY = Pattern.compile("\\?[^#\\s]*");

    private Redacted() {}

    static String url(String url) {
        return QUERY.matcher(users(url)).replaceFirst("?…");
    }

    /** Free text with the users and passwords of all addresses in it taken out. */
    static String users(String text) {
        return USER.matcher(text).replaceAll("");
    }
}
