"""What is said about the log in public: signed checkpoints, witnesses, time stamps."""
