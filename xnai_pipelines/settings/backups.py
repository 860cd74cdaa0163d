"""Backups: where they are stored, their key, and how many are kept."""

from pydantic import BaseModel, Field, SecretStr

from xnai_pipelines.backups.retention import Retention
from xnai_pipelines.backups.seal import Seal, chosen_seal
from xnai_pipelines.settings.kinds import AbsolutePath


class BackupSettings(BaseModel):
    """Backups: where they are stored, their key, and how many are kept."""

    backup_to: str | None = Field(
        default=None,
        description="Folder, or `s3://BUCKET/PREFIX` (extra `s3`). Set: a backup every night and a restore drill every "
        "week. Unset: `xnai backup` writes to the folder `<home>-backups`.",
    )
    backup_key_file: AbsolutePath | None = Field(
        default=None, description="File with the key of encrypted backups (extra `encryption`), readable by its owner."
    )
    backup_key: SecretStr | None = Field(default=None, description="The key itself, in place of the file.")
    backup_keep: int = Field(default=7, ge=1, description="Newest backups to keep.")
    backup_keep_days: int = Field(default=7, ge=0, description="Days whose newest backup is kept.")
    backup_keep_weeks: int = Field(default=4, ge=0, description="Weeks whose newest backup is kept.")
    backup_max_hours: float = Field(
        default=48.0, gt=0, description="Age of the newest backup, in hours, above which a check warns."
    )
    restore_drill_days: float = Field(
        default=8.0, gt=0, description="Days since the last restore drill above which a check warns."
    )

    @property
    def backup_retention(self) -> Retention:
        """How many backups are kept."""
        return Retention(self.backup_keep, self.backup_keep_days, self.backup_keep_weeks)

    def backup_seal(self) -> Seal:
        """Return how backups are protected.

        Raises:
            SettingsError: The key cannot be read, or is none.
        """
        return chosen_seal(self.backup_key.get_secret_value() if self.backup_key else None, self.backup_key_file)
