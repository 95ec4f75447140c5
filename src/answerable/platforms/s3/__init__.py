"""A site that has only a bucket, of S3 or of what speaks like it (docs/platforms/s3.md)."""
