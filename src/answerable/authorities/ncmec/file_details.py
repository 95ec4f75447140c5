"""The `<fileDetails>`: what is known of one uploaded file."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from answerable.authorities.ncmec.element import (
    ATTRIBUTE,
    CONTENT,
    Address2083,
    Element,
    Flag,
    Long,
    Moment,
    Text,
    Text64,
)
from answerable.authorities.ncmec.people import DeviceId, IpCaptureEvent
from answerable.authorities.ncmec.words import Classification, DetailType, FileRelevance


class FileAnnotations(Element):
    """What else is true of a file."""

    anime_drawing_virtual_hentai: Flag = False
    potential_meme: Flag = False
    viral: Flag = False
    possible_self_production: Flag = False
    physical_harm: Flag = False
    violence_gore: Flag = False
    bestiality: Flag = False
    live_streaming: Flag = False
    infant: Flag = False
    generative_ai: Flag = False


class OriginalFileHash(Element):
    """A hash of the file as it was on the platform; `hash_type` such as MD5 or SHA256."""

    text: Annotated[Text, CONTENT]
    hash_type: Annotated[Text64, Field(min_length=1), ATTRIBUTE]


class NameValuePair(Element):
    """A name and a value."""

    name: Text64
    value: Text


class Details(Element):
    """What stands in the file itself, in pairs."""

    type: Annotated[DetailType | None, ATTRIBUTE] = None
    name_value_pair: Annotated[tuple[NameValuePair, ...], Field(min_length=1)]


class FileDetails(Element):
    """One file of a report. `file_viewed_by_esp` is whether a person of ours saw these very bytes: never assumed."""

    report_id: Long
    file_id: Annotated[Text, Field(min_length=1, pattern=r"^\S+$")]
    file_name: Annotated[Text | None, Field(max_length=2056)] = None
    original_file_name: Annotated[Text | None, Field(max_length=2056)] = None
    uploaded_to_esp_timestamp: Moment | None = None
    location_of_file: Address2083 | None = None
    file_viewed_by_esp: bool | None = None
    exif_viewed_by_esp: bool | None = None
    publicly_available: bool | None = None
    file_relevance: FileRelevance | None = None
    potential_meme: bool | None = None
    file_annotations: FileAnnotations | None = None
    industry_classification: Classification | None = None
    original_file_hash: tuple[OriginalFileHash, ...] = ()
    ip_capture_event: IpCaptureEvent | None = None
    device_id: tuple[DeviceId, ...] = ()
    details: tuple[Details, ...] = ()
    additional_info: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def is_what_ncmec_takes(self) -> Self:
        """Refuse both spellings of the meme's flag, and a class on a file that only helps to understand."""
        if self.potential_meme is not None and self.file_annotations is not None:
            raise ValueError("write fileAnnotations alone: potentialMeme beside it is the old form")
        meme = self.potential_meme or (self.file_annotations and self.file_annotations.potential_meme)
        supplemental = self.file_relevance is FileRelevance.SUPPLEMENTAL
        if supplemental and (meme or self.industry_classification is not None):
            raise ValueError("a supplemental file takes no industryClassification and no potentialMeme")
        return self

    def xml(self) -> bytes:
        """The document for `/fileinfo`."""
        return self.write("fileDetails")
