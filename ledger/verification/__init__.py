"""The full check of a database: is every byte of the log what was appended and signed?"""
