package dev.strata.registry;

/** What proves to a registry who asks. Its text form never shows the secret. */
sealed interface Credential {
    /** Where it was found, for messages. */
    String source();

    record Password(String user, String password, String source) implements Credential {
        @Override
        public String toString() {
            return "password of " + user + " from " + source;
        }
    }

    /** A refresh token, which is exchanged for tokens of a scope. Docker calls it {@code identitytoken}. */
    record IdentityToken(String token, String source) implements Credential {
        @Override
        public String toString() {
            return "identity token from " + source;
        }
    }

    /** A token that is sent as it is. Docker calls it {@code registrytoken}. */
    record RegistryToken(String token, String source) implements Credential {
        @Override
        public String toString() {
            return "registry token from " + source;
        }
    }
}
