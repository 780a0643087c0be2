"""Backups: what a ledger needs to begin again elsewhere, in one folder with one manifest.

    manifest.json       versions, sizes and digests of everything below; each ledger's size and root
    database/           a base backup of the embedded server, or an export of any other
    log/LEDGER/         what the log's signer remembers, and what losses set aside
    evidence/LEDGER/    the encrypted documents
    keys/               every private key, only where somebody asked for it

A folder is written beside its place and renamed into it when it is whole. Nothing is overwritten,
neither by a backup nor by a restore.
"""
