public enum TerminalError: Error {}
