"""How a CSV is written is recognised, and said; where two ways fit it is refused with what to declare."""

import io

import pytest

from driftloop import Schema, read_batches
from driftloop.data.readers.csv.lines import Style, last_boundary
from driftloop.data.reading import Reading, ReadNotes
from driftloop.errors import InputError

COMMA = Style(",", '"', b"\n")


def table(content, format="csv", **options):
    """Columns of a file as lists of texts."""
    if isinstance(content, str):
        content = content.encode()
    columns = {}
    for batch in read_batches(io.BytesIO(content), format=format, **options):
        for name, array in zip(batch.schema.names, batch.columns, strict=True):
            columns.setdefault(name, []).extend(array.to_pylist())
    return columns


EXPECTED = {"a": ["1", "3"], "b": ["x", "y"]}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_separators_line_ends_and_encodings(separator, newline, encoding):
    lines = ["a,b", "1,x", "3,y", ""]
    assert table(newline.join(lines).replace(",", separator).encode(encoding)) == EXPECTED


@pytest.mark.parametrize(
    "content",
    [
        "\n\na,b\n\n1,x\n   \n3,y\n\n",  # blank lines anywhere
        "# made by a tool\n# 2026\na,b\n1,x\n# a note\n3,y\n",  # comments
        "#a,b\n1,x\n3,y\n",  # the header as a comment
        "Report of the ward\nfor August\na,b\n1,x\n3,y\n",  # titles
        ",a,b\n0,1,x\n1,3,y\n",  # pandas' index
        "Unnamed: 0,a,b\n0,1,x\n1,3,y\n",  # the same, read and written again
        "a,b,\n1,x,\n3,y,\n",  # trailing separators
        "a,b\n1,x,\n3,y,\n",  # trailing separators below a header without
        "a,b\n1,x\na,b\n3,y\n",  # the header again
        '"a","b"\n"1","x"\n"3","y"\n',  # quotes
        "sep=;\na;b\n1;x\n3;y\n",  # what Excel takes for a declaration
        " a , b \n1,x\n3,y\n",  # spaces around names
        "a,b\n1,x\n3,y",  # no line end at the end
        "a,b,,\n1,x,,\n3,y,,\n",  # more than one trailing separator
        "Report,,\n,,\na,b,c\n1,x,\n3,y,\n",  # titles that a spreadsheet filled up
        "a, b\n1, x\n3, y\n",  # a space behind each separator
        "| a | b |\n|---|---|\n| 1 | x |\n| 3 | y |\n",  # Markdown
        " a | b \n---+---\n 1 | x\n 3 | y\n",  # psql
        "\ufeff\ufeffa,b\n1,x\n3,y\n",  # two byte order marks
        "\ufeffa,b\n1,x\n\ufeffa,b\n3,y\n",  # joined files that have one each
        "a\u200b,\ufeffb\n1,x\n3,y\n",  # names with spaces that nobody sees
    ],
)
def test_what_stands_around_a_table_is_no_part_of_it(content):
    found = table(content)
    assert {name: found[name] for name in found if name != "c"} == EXPECTED


def test_spaces_are_kept_where_not_every_separator_has_one():
    assert table("a, b\n1, x\n3,y\n") == {"a": ["1", "3"], "b": [" x", "y"]}


def test_a_title_is_no_header_and_a_header_of_two_columns_is_no_title():
    assert table("a,b,c\n1,,\n2,,\n") == {"a": ["1", "2"], "b": ["", ""], "c": ["", ""]}
    with pytest.raises(InputError, match=r"first line holds values|has 1 value"):
        table("Report,\n1,x\n3\n")


def test_row_names_that_count_up_before_the_headers_first_name_are_left_out():
    assert table("a,b\n1,1,x\n2,3,y\n3,5,z\n") == {"a": ["1", "3", "5"], "b": ["x", "y", "z"]}


def test_quoted_values_hold_separators_line_breaks_and_quotes():
    content = 'a,"b\nc"\n"1,5","x ""y""\nz"\n2,5" pipe\n'
    assert table(content) == {"a": ["1,5", "2"], "b\nc": ['x "y"\nz', '5" pipe']}


def test_quotes_that_are_escaped_with_a_backslash_as_spark_writes_them():
    assert table('a,b\n1,"he said \\"no\\", twice"\n') == {"a": ["1"], "b": ['he said "no", twice']}
    assert table('a,b\n"C:\\",1\n"D:\\",2\n') == {"a": ["C:\\", "D:\\"], "b": ["1", "2"]}


def test_single_quotes_by_declaration():
    assert table("a,b\n'1,5',x\n", reading=Reading(quote="'")) == {"a": ["1,5"], "b": ["x"]}


def test_one_column_alone():
    assert table("a\n1\n3\n") == {"a": ["1", "3"]}


@pytest.mark.parametrize(
    "lines",
    [
        ["full name", "Ann Lee", "Ben Roe"],  # two words each, and no number
        ["name", "Ann:Lee", "Ben:Roe"],  # the header has no such sign
        ["time at", "10:30:00", "11:30:00"],
        ["a:b", "x:1", "y"],  # not in every line
    ],
)
def test_one_column_of_texts_that_hold_other_signs(lines):
    assert table("\n".join(lines) + "\n") == {lines[0]: lines[1:]}


def test_a_header_alone_is_a_table_without_rows():
    assert table("a,b\n") == {"a": [], "b": []}
    assert Schema.from_object({"columns": [{"name": "a"}]}).features[0].name in table("a,b\n")


def test_decimal_commas_make_no_columns():
    assert table("a;b\n1,5;2,25\n3,5;4,75\n") == {"a": ["1,5", "3,5"], "b": ["2,25", "4,75"]}
    assert table("Weight, kg;Height, m\n70,5;1,80\n62,0;1,75\n") == {
        "Weight, kg": ["70,5", "62,0"],
        "Height, m": ["1,80", "1,75"],
    }


def test_years_and_places_may_be_names():
    assert list(table("country,2019,2020,2021\nfr,1.5,2.5,3.5\n")) == ["country", "2019", "2020", "2021"]
    assert list(table("0,1,2\n1.5,2.5,3.5\n")) == ["0", "1", "2"]


def test_latin_1_is_read_by_declaration_alone():
    content = "a,b\n1,é\n".encode("latin-1")
    assert table(content, reading=Reading(encoding="latin-1")) == {"a": ["1"], "b": ["é"]}
    with pytest.raises(InputError, match=r'encoding = "latin-1"'):
        table(content)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b;c\nx,y;z\nu,v;w\n", r"separated by ',' or ';'.*declare \[reading\] separator"),
        ("a,b\n1,2\n3\n4,5,6\n", "line 3 has 1 value"),
        ("1,2\n3,4\n", "first line holds values"),
        ("a,1.5\nb,2.5\nc,3.5\n", "first line holds values"),
        ("x\n1,5\n2,7\n", "1 name, the rows have 2 values|first line holds values"),
        ('a,b\n1,"x\n2,y\n', "quote is opened and never closed"),
        ("a,a\n1,2\n", "columns 1 and 2 have the same name"),
        ("", "the file is empty"),
        (" \n\n", "the file is empty"),
        (b"PAR1" + bytes(99), "is Parquet by its content"),
        (b"\x1f\x8b\x08" + bytes(99), "is compressed with gzip"),
        (b"PK\x03\x04" + bytes(99), "Excel workbook"),
        ("<!DOCTYPE html>\n<html>\n", "is a web page"),
        ("<html>\n<body>\n", "is a web page"),
        ("<?xml version='1.0'?>\n<rows/>\n", "is an XML document"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 12\n", "is a pointer of Git LFS"),
        ("a:b\nx:1\ny:2\n", r"separated by ':': declare \[reading\] separator"),
        ("a^b\nx^1\ny^2\n", r"separated by '\^'"),
        ("a\x01b\nx\x011\ny\x012\n", r"separated by '\\x01'"),
        ("age weight\n50 70.5\n61 80\n", "separated by spaces"),
        ("age  name\n 50  Ann\n 61  Ben\n", "separated by spaces"),
        ("a,b\n1,x, y\n2,z, u\n", "put quotes around them"),
    ],
)
def test_what_is_ambiguous_or_no_table_is_one_line(content, says):
    with pytest.raises(InputError, match=says) as caught:
        table(content)
    assert "\n" not in str(caught.value)


def test_a_ragged_row_far_down_is_told_with_its_number_and_without_its_content():
    content = "a,b\n" + "1,2\n" * 1000 + "Jane Roe,2,3\n" + "1,2\n" * 10
    with pytest.raises(InputError, match="record 1001 has 3 values, the header 2: take it out") as caught:
        table(content)
    assert "Jane" not in str(caught.value)


def test_what_was_recognised_is_noted():
    notes = ReadNotes()
    table("Title\n;a;b\n0;1;x\n1;3;y\n".encode("utf-16"), notes=notes)
    said = "\n".join(notes.lines)
    for part in ("utf-16", "semicolon", "1 line above the header", "index"):
        assert part in said


def test_a_plain_file_needs_no_note():
    notes = ReadNotes()
    table("a,b\n1,x\n", notes=notes)
    assert notes.lines == ()


@pytest.mark.parametrize(
    ("data", "rest"),
    [
        (b"1,2\n3,4\n5", b"5"),
        (b'1,"a\nb"\n3,"c\nd', b'3,"c\nd'),
        (b'1,"a ""q""\n x"\n2,', b"2,"),
        (b'1,5" pipe\n2,"a\nb"\n3,6" pipe\n4,"x\ny', b'4,"x\ny'),  # quotes that open nothing
        (b'"a\nb', b'"a\nb'),
        (b'x,"', b'x,"'),
    ],
)
def test_a_block_ends_where_its_last_complete_record_ends(data, rest):
    assert data[last_boundary(data, COMMA) :] == rest


def test_records_are_the_same_wherever_blocks_are_cut():
    rows = [f'"line {i}\nand ""more""","{"z" * (i % 97)}",{i}' for i in range(60_000)]
    found = table("a,b,c\n" + "\n".join(rows) + "\n")
    assert found["c"] == [str(i) for i in range(60_000)]
    assert found["a"][59_999] == 'line 59999\nand "more"'
